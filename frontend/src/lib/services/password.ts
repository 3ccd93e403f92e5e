/** What a new password must be, and how hard it would be to guess. */

export const MIN_CHARS = 8;

export type Strength = 'short' | 'weak' | 'fair' | 'strong';

/** What everybody tries first. */
const COMMON = /^(.)\1*$|pass?w(or|0r)[dt]|qwert|asdf|letmein|welcome|admin|iloveyou|12345|54321|abc123|mlx/i;
const KINDS = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u];

/** Characters as the manager counts them: one outside the first plane is one. */
const lengthOf = (text: string): number => [...text].length;

/** An estimate in words: length counts more than odd characters, and known beginnings count little. */
export function strengthOf(password: string, name = ''): Strength {
  const length = lengthOf(password);
  if (length < MIN_CHARS) return 'short';
  const folded = password.toLowerCase();
  const isGuessable = COMMON.test(password) || (name.length > 2 && folded.includes(name.toLowerCase()));
  const distinct = new Set(folded).size;
  const kinds = KINDS.filter((kind) => kind.test(password)).length;
  const worth = Math.min(length, distinct * 2) + (kinds - 1) * 2 - (isGuessable ? 8 : 0);
  if (worth < 12) return 'weak';
  return worth < 17 ? 'fair' : 'strong';
}

/** Why a new password cannot be sent yet. */
export function newPasswordFault(password: string, again: string): 'short' | 'differs' | null {
  if (lengthOf(password) < MIN_CHARS) return 'short';
  return password === again ? null : 'differs';
}
