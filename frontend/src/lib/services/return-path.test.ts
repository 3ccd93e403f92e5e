import { describe, expect, it } from 'vitest';
import { returnPath } from './return-path';

describe('returnPath', () => {
  it('keeps a page of ours with what it looks at', () => {
    expect(returnPath('/models?model=demo')).toBe('/models?model=demo');
    expect(returnPath('/settings')).toBe('/settings');
  });
  it.each([
    null,
    '',
    'models',
    '//elsewhere.example/chat',
    '/\\elsewhere.example/chat',
    '/chat\\..\\x',
    '/\t/elsewhere.example',
    'https://elsewhere.example/chat',
    'javascript:alert(1)',
    '/api/v1/users',
    '/chat/../api/v1/users',
    '/sign-in?to=/chat',
    '/welcome'
  ])('goes to the chats for %j', (wanted) => expect(returnPath(wanted)).toBe('/chat'));
});
