/** Addresses of pages, under whatever path a proxy shows them. */
import { base } from '$app/paths';

export const PAGES = [
  '/chat',
  '/models',
  '/server',
  '/connect',
  '/keys',
  '/users',
  '/settings',
  '/about',
  '/welcome',
  '/sign-in'
] as const;

export type PagePath = (typeof PAGES)[number];

/** Such as `href('/models', { model: 'demo' })`; what is null, undefined or empty is left out. */
export function href(page: PagePath, query: Record<string, string | null | undefined> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  return `${base}${page}${search ? `?${search}` : ''}`;
}

/** The address under which programs on this network find the manager, such as `http://127.0.0.1:8080`. */
export function ownAddress(): string {
  return location.origin + base;
}
