import { describe, expect, it } from 'vitest';
import { isLoopback } from './address';
import { clientOf, type Setup } from './clients';
import { cautionsOf } from './setup';

const SETUP: Setup = {
  address: 'https://models.example.org',
  model: 'demo',
  key: 'local',
  contextLength: 131_072,
  hasTools: true
};

describe('cautionsOf', () => {
  it('has nothing to say where all is well', () => {
    expect(cautionsOf(clientOf('claude-code'), SETUP)).toEqual([]);
  });

  it('names a window that is too small, and a model without tools, for agents alone', () => {
    const small = { ...SETUP, contextLength: 4096, hasTools: false };
    expect(cautionsOf(clientOf('claude-code'), small)).toEqual(['context', 'tools']);
    expect(cautionsOf(clientOf('curl'), small)).toEqual([]);
    expect(cautionsOf(clientOf('codex'), { ...SETUP, contextLength: null })).toEqual([]);
  });

  it('tells who reaches an address of this machine', () => {
    const local = { ...SETUP, address: 'http://127.0.0.1:8080' };
    expect(cautionsOf(clientOf('curl'), local)).toEqual(['loopback']);
    expect(cautionsOf(clientOf('open-webui'), local)).toEqual(['container']);
    expect(cautionsOf(clientOf('cursor'), local)).toEqual(['outside']);
  });
});

describe('isLoopback', () => {
  it.each(['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:8080/mlx', 'http://127.1.2.3'])(
    'knows %s',
    (address) => expect(isLoopback(address)).toBe(true)
  );

  it.each(['http://127.example.org', 'http://192.168.1.4:8080', 'https://localhost.example.org'])(
    'does not take %s for one',
    (address) => expect(isLoopback(address)).toBe(false)
  );
});
