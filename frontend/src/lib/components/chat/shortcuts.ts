/** What one can do on the Chat page by the keyboard. */
import { chatStrings } from '$lib/strings';

const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? '');
const words = chatStrings.shortcuts;

export type ShortcutName =
  'newChat' | 'focus' | 'copy' | 'regenerate' | 'previous' | 'next' | 'search' | 'show' | 'stop';

interface Shortcut {
  name: ShortcutName;
  label: string;
  /** As it is shown. */
  keys: string;
  isOf: (event: KeyboardEvent, isTyping: boolean) => boolean;
}

const together = (key: string) => (isMac ? `⌘ ⇧ ${key}` : `Ctrl Shift ${key}`);

const withBoth =
  (code: string) =>
  (event: KeyboardEvent): boolean =>
    (event.metaKey || event.ctrlKey) && event.shiftKey && !event.altKey && event.code === code;

const alone =
  (key: string) =>
  (event: KeyboardEvent, isTyping: boolean): boolean =>
    !isTyping && event.key === key && !event.metaKey && !event.ctrlKey && !event.altKey;

export const SHORTCUTS: readonly Shortcut[] = [
  { name: 'newChat', label: words.newChat, keys: together('O'), isOf: withBoth('KeyO') },
  { name: 'focus', label: words.focus, keys: '/', isOf: alone('/') },
  {
    name: 'stop',
    label: words.stop,
    keys: 'Esc',
    isOf: (event) => event.key === 'Escape' && !event.metaKey && !event.ctrlKey
  },
  { name: 'copy', label: words.copy, keys: together('C'), isOf: withBoth('KeyC') },
  { name: 'regenerate', label: words.regenerate, keys: together('↵'), isOf: withBoth('Enter') },
  { name: 'previous', label: words.previous, keys: together(','), isOf: withBoth('Comma') },
  { name: 'next', label: words.next, keys: together('.'), isOf: withBoth('Period') },
  { name: 'search', label: words.search, keys: together('F'), isOf: withBoth('KeyF') },
  { name: 'show', label: words.show, keys: '?', isOf: alone('?') }
];

/** Those of the message field itself. */
export const FIELD_SHORTCUTS = [
  { name: 'send', label: words.send, keys: isMac ? '↵' : 'Enter' },
  { name: 'newLine', label: words.newLine, keys: isMac ? '⇧ ↵' : 'Shift Enter' }
] as const;

/** The shortcut that a key means; null where it means none. */
export function shortcutOf(event: KeyboardEvent): ShortcutName | null {
  if (event.defaultPrevented || event.isComposing) return null;
  const target = event.target;
  // In a dialog or menu, keys are its own.
  if (target instanceof Element && target.closest('[role="dialog"], [role="menu"]') !== null) return null;
  const isTyping =
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
  return SHORTCUTS.find((shortcut) => shortcut.isOf(event, isTyping))?.name ?? null;
}
