import { describe, expect, it } from 'vitest';
import { newPasswordFault, strengthOf } from './password';

describe('strengthOf', () => {
  it.each([
    ['seven77', 'short'],
    ['aaaaaaaaaaaaaaaaaaaa', 'weak'],
    ['password1', 'weak'],
    ['kitchen4', 'weak'],
    ['kitchen-4tap', 'fair'],
    ['correct horse battery staple', 'strong'],
    ['h9$Tq!vL2#xW', 'strong']
  ])('%s is %s', (password, strength) => expect(strengthOf(password)).toBe(strength));

  it('thinks little of what holds the name', () => {
    expect(strengthOf('gardener-4taps', 'gardener')).toBe('weak');
  });
  it('counts characters, not halves of them', () => {
    expect(strengthOf('🙂🙂🙂🙂')).toBe('short');
  });
});

describe('newPasswordFault', () => {
  it('wants both the same, and long enough', () => {
    expect(newPasswordFault('short', 'short')).toBe('short');
    expect(newPasswordFault('long enough', 'long enuogh')).toBe('differs');
    expect(newPasswordFault('long enough', 'long enough')).toBeNull();
  });
});
