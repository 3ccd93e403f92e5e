import { expect, it } from 'vitest';
import { shortcutOf, type ShortcutName } from './shortcuts';

/** What a key means where it is pressed. */
function meant(place: HTMLElement, init: KeyboardEventInit): ShortcutName | null {
  let found: ShortcutName | null = null;
  document.body.append(place);
  const listen = (event: KeyboardEvent) => (found = shortcutOf(event));
  window.addEventListener('keydown', listen);
  place.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, ...init }));
  window.removeEventListener('keydown', listen);
  place.remove();
  return found;
}

const field = () => document.createElement('textarea');
const button = () => document.createElement('button');

it.each([
  ['?', null, 'show'],
  ['/', null, 'focus']
] as const)('%s means something only where one does not type', (key, typing, else_) => {
  expect(meant(field(), { key })).toBe(typing);
  expect(meant(button(), { key })).toBe(else_);
});

it('takes keys with both modifiers also where one types', () => {
  expect(meant(field(), { key: 'O', code: 'KeyO', ctrlKey: true, shiftKey: true })).toBe('newChat');
  expect(meant(field(), { key: 'Enter', code: 'Enter', metaKey: true, shiftKey: true })).toBe('regenerate');
  expect(meant(field(), { key: 'o', code: 'KeyO', ctrlKey: true })).toBeNull();
});

it('leaves a dialog its own keys', () => {
  const dialog = document.createElement('div');
  dialog.setAttribute('role', 'dialog');
  const inner = dialog.appendChild(button());
  document.body.append(dialog);
  let found: ShortcutName | null = 'show';
  const listen = (event: KeyboardEvent) => (found = shortcutOf(event));
  window.addEventListener('keydown', listen);
  inner.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key: 'Escape' }));
  window.removeEventListener('keydown', listen);
  dialog.remove();
  expect(found).toBeNull();
});
