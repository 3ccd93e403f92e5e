/** Links that let somebody in, for another browser. */
import { href } from '$lib/paths';

export const gateLink = (view: 'register' | 'reset', name: 'invitation' | 'token', secret: string): string =>
  location.origin + href('/sign-in', { view, [name]: secret });
