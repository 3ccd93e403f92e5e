import { describe, expect, it } from 'vitest';
import type { Key } from '$lib/api/types';
import { draftOf, EMPTY_DRAFT, endingOf, faultsOf, keyChange, newKey } from './key-view';

const NOW = new Date('2026-06-01T12:00:00Z');
const KEY: Key = {
  id: 'key_1',
  name: 'app',
  hint: 'sk-mlx-GXop…',
  user_id: 'user_1',
  user_name: 'owner',
  scopes: ['inference'],
  models: ['b', 'a'],
  requests_per_minute: 60,
  tokens_per_day: null,
  capture_days: null,
  created_at: '2026-05-01T12:00:00Z',
  expires_at: null,
  last_used_at: null
};

describe('faultsOf', () => {
  it('takes a name and nothing else', () => {
    expect(faultsOf({ ...EMPTY_DRAFT, name: 'app' }, NOW)).toEqual({});
  });

  it('names what the manager would refuse', () => {
    const draft = {
      ...EMPTY_DRAFT,
      name: ' app',
      requestsPerMinute: '0',
      tokensPerDay: '1.5',
      captureDays: '3651'
    };
    expect(faultsOf(draft, NOW)).toEqual({
      name: 'spaces',
      requestsPerMinute: 'number',
      tokensPerDay: 'number',
      captureDays: 'days'
    });
    expect(faultsOf(EMPTY_DRAFT, NOW)).toEqual({ name: 'missing' });
    expect(faultsOf({ ...EMPTY_DRAFT, name: 'x'.repeat(65) }, NOW)).toEqual({ name: 'long' });
  });

  it('wants a day that is to come', () => {
    const draft = { ...EMPTY_DRAFT, name: 'app', expiry: 'date' as const };
    expect(faultsOf(draft, NOW)).toEqual({ date: 'missing' });
    expect(faultsOf({ ...draft, date: '2026-05-30' }, NOW)).toEqual({ date: 'past' });
    expect(faultsOf({ ...draft, date: '2026-06-03' }, NOW)).toEqual({});
  });
});

describe('newKey', () => {
  it('leaves limits out that were not typed', () => {
    expect(newKey({ ...EMPTY_DRAFT, name: 'app' })).toEqual({
      name: 'app',
      scopes: ['inference'],
      models: null,
      requests_per_minute: null,
      tokens_per_day: null,
      capture_days: null
    });
  });

  it('says for how many days, or until the end of a day', () => {
    expect(newKey({ ...EMPTY_DRAFT, name: 'app', expiry: '30' })).toMatchObject({ expires_in_days: 30 });
    const dated = newKey({ ...EMPTY_DRAFT, name: 'app', expiry: 'date', date: '2026-06-03' });
    expect(new Date(dated.expires_at ?? 0)).toEqual(new Date('2026-06-03T23:59:59'));
    expect(dated).not.toHaveProperty('expires_in_days');
  });

  it('takes limits as numbers', () => {
    const draft = {
      ...EMPTY_DRAFT,
      name: 'app',
      scope: 'admin' as const,
      models: ['a'],
      tokensPerDay: ' 5000 '
    };
    expect(newKey(draft)).toMatchObject({ scopes: ['admin'], models: ['a'], tokens_per_day: 5000 });
  });
});

describe('keyChange', () => {
  it('is empty for what was not changed, in whatever order', () => {
    expect(keyChange({ ...draftOf(KEY), models: ['a', 'b'] }, KEY)).toEqual({});
  });

  it('takes a limit away with null', () => {
    const draft = { ...draftOf(KEY), models: [], requestsPerMinute: '', captureDays: '7' };
    expect(keyChange(draft, KEY)).toEqual({ models: null, requests_per_minute: null, capture_days: 7 });
  });
});

describe('endingOf', () => {
  it.each([
    [null, 'never'],
    ['2026-09-01T12:00:00Z', 'later'],
    ['2026-06-05T12:00:00Z', 'soon'],
    ['2026-06-01T11:00:00Z', 'over']
  ] as const)('%s is %s', (at, ending) => expect(endingOf(at, NOW)).toBe(ending));
});
