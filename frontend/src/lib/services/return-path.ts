/** Where to go after signing in: to one of these pages only, whatever an address says. */
import { base } from '$app/paths';
import { PAGES, href } from '$lib/paths';

const GATE: readonly string[] = ['/welcome', '/sign-in'];

/** The address of a wanted page, such as `/chat?id=1`; of the chats where it is none of ours. */
export function returnPath(wanted: string | null): string {
  const home = href('/chat');
  // A backslash is a slash to browsers, and two of them name another host.
  if (!wanted || !/^\/(?![/\\])/.test(wanted) || /[\\\p{Cc}]/u.test(wanted)) return home;
  let url: URL;
  try {
    url = new URL(wanted, location.origin);
  } catch {
    return home;
  }
  const isOurs = PAGES.some((page) => page === url.pathname && !GATE.includes(page));
  if (url.origin !== location.origin || !isOurs) return home;
  return base + url.pathname + url.search + url.hash;
}
