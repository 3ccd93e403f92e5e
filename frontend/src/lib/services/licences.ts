/** The packages that these pages are made with, as `scripts/licences.js` writes them when they are built. */
import { base } from '$app/paths';
import { Fault, faultOf } from '$lib/api/fault';

export interface Licence {
  name: string;
  version: string;
  licence: string | null;
  home_page: string | null;
  /** All of it, where the package brings it along. */
  text?: string | null;
}

export async function pagesLicences(): Promise<Licence[]> {
  const response = await fetch(`${base}/_app/licences.json`).catch(() => {
    throw new Fault('The manager does not answer', 0, 'unreachable');
  });
  if (!response.ok) throw faultOf(response, undefined);
  const found: unknown = await response.json();
  return Array.isArray(found) ? found.filter(isLicence) : [];
}

function isLicence(value: unknown): value is Licence {
  return typeof value === 'object' && value !== null && 'name' in value && 'version' in value;
}

/** Those whose name or licence holds the text. */
export function findLicences(licences: readonly Licence[], text: string): Licence[] {
  const wanted = text.trim().toLowerCase();
  return licences.filter((one) => `${one.name} ${one.licence ?? ''}`.toLowerCase().includes(wanted));
}

/** A page of strangers that may be linked to: nothing but plain web addresses. */
export const safeHomePage = (address: string | null): string | null =>
  address !== null && /^https?:\/\//.test(address) ? address : null;
