import { describe, expect, it } from 'vitest';
import type { LogEntry } from '$lib/api/types';
import {
  appended,
  clockTime,
  entryOf,
  filtered,
  lastOf,
  levelOf,
  programOf,
  textOf,
  visible
} from './log-view';

const entry = (message: string, more: Partial<LogEntry> = {}): LogEntry => ({
  time: '2026-11-28T22:12:29.032000Z',
  level: 'INFO',
  logger: 'mlx_manager.pool',
  message,
  ...more
});

describe('entryOf', () => {
  it('takes an entry and nothing else', () => {
    expect(entryOf('{"time":"t","message":"m"}')).toMatchObject({ level: 'INFO', logger: '', message: 'm' });
    expect(entryOf('{"time":"t"}')).toBeNull();
    expect(entryOf('null')).toBeNull();
    expect(entryOf('no JSON')).toBeNull();
  });
});

describe('appended', () => {
  it('keeps the newest', () => expect(appended([1, 2], [3, 4], 3)).toEqual([2, 3, 4]));
});

describe('filtered', () => {
  const entries = [
    entry('demo: loaded'),
    entry('demo: stop', { request_id: 'req_1' }),
    entry('oh', { exception: 'ValueError: Demo' })
  ];

  it('finds all words, wherever they are', () => {
    expect(filtered(entries, 'DEMO')).toHaveLength(3);
    expect(filtered(entries, 'demo req_1')).toEqual([entries[1]]);
    expect(filtered(entries, 'valueerror pool')).toEqual([entries[2]]);
    expect(filtered(entries, 'nothing')).toEqual([]);
  });

  it('is all of them without words', () => expect(filtered(entries, '  ')).toBe(entries));
});

describe('lastOf', () => {
  it('says how many are left out', () => {
    expect(lastOf([1, 2, 3], 2)).toEqual({ shown: [2, 3], numEarlier: 1 });
    expect(lastOf([1], 2)).toEqual({ shown: [1], numEarlier: 0 });
  });
});

describe('visible', () => {
  it('leaves text, lines and tabs', () => expect(visible('<b>ä</b>\n\t€')).toBe('<b>ä</b>\n\t€'));

  it('shows what cannot be seen', () => {
    expect(visible('\u001b[31mred\u001b[0m\r')).toBe('␛[31mred␛[0m␍');
    expect(visible('\u202eabc\u007f\u009b')).toBe('‹U+202E›abc␡‹U+009B›');
  });
});

describe('clockTime', () => {
  it('has milliseconds', () => {
    expect(clockTime('2026-11-28T22:12:29.032')).toBe('22:12:29.032');
    expect(clockTime('whenever')).toBe('whenever');
  });
});

describe('textOf', () => {
  it('is a line for each, and the exception below', () => {
    const text = textOf([
      entry('m', { request_id: 'req_1', pid: 7 }),
      entry('n', { exception: 'E\n at x\n' })
    ]);
    expect(text).toBe(
      '2026-11-28T22:12:29.032000Z INFO     m (mlx_manager.pool req_1 pid 7)\n' +
        '2026-11-28T22:12:29.032000Z INFO     n (mlx_manager.pool)\nE\n at x\n'
    );
  });
});

describe('what an address asks for', () => {
  it('is one of those there are', () => {
    expect(programOf('manager')).toBe('manager');
    expect(programOf('x')).toBe('server');
    expect(levelOf('ERROR')).toBe('ERROR');
    expect(levelOf(null)).toBe('INFO');
  });
});
