/**
 * Staying signed in: the access token is a cookie of ten minutes, and the refresh cookie, which no script
 * reads either, gets another one. Tabs may do so at once: the manager forgives that for some seconds.
 */
import { base } from '$app/paths';

let refreshing: Promise<boolean> | null = null;
let dueTimer: ReturnType<typeof setTimeout> | undefined;

/** Before its end, so that no request meets it. */
const MARGIN_S = 60;

/** Get another access token; false where the session is over. */
export function refreshSession(): Promise<boolean> {
  refreshing ??= refresh().finally(() => (refreshing = null));
  return refreshing;
}

async function refresh(): Promise<boolean> {
  const response = await fetch(`${base}/api/v1/auth/refresh`, { method: 'POST' });
  if (!response.ok) return false;
  const { expires_in } = (await response.json()) as { expires_in: number };
  keepFresh(expires_in);
  return true;
}

/** Refresh in time. Call with the seconds that the access token holds; 0 stops it. */
export function keepFresh(expiresInS: number): void {
  clearTimeout(dueTimer);
  if (expiresInS <= 0) return;
  const dueS = Math.max(expiresInS - MARGIN_S, expiresInS / 2);
  dueTimer = setTimeout(() => void refreshSession().catch(() => undefined), dueS * 1000);
}
