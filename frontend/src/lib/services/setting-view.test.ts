import { describe, expect, it } from 'vitest';
import type { Setting } from '$lib/api/types';
import {
  entryOf,
  fits,
  grouped,
  pieces,
  readEntry,
  shapeOf,
  titleOf,
  topicOf,
  unitOf,
  valueText,
  type Shape
} from './setting-view';

const setting = (name: string, more: Partial<Setting> = {}): Setting => ({
  name,
  program: name.startsWith('MLX_SERVER') ? 'server' : 'manager',
  value: null,
  source: 'default',
  stored: null,
  is_stored: false,
  default: null,
  description: '',
  value_schema: { type: 'string' },
  is_storable: true,
  is_live: true,
  needs_restart: false,
  ...more
});
const shape = (value_schema: Record<string, unknown>): Shape =>
  shapeOf({ name: 'MLX_SERVER_X', value_schema });

describe('names', () => {
  it('are read as a person says them', () => {
    expect(titleOf('MLX_SERVER_MAX_MEMORY_GB')).toBe('Max memory');
    expect(titleOf('MLX_SERVER_KV_CONTEXT_TOKENS')).toBe('KV context tokens');
    expect(titleOf('MLX_MANAGER_TLS_KEY')).toBe('TLS key');
    expect(unitOf('MLX_SERVER_LOAD_WAIT_S')).toBe('s');
    expect(unitOf('MLX_SERVER_ALIASES')).toBeNull();
  });
  it.each([
    ['MLX_SERVER_PREFIX_CACHE_DISK_FLOOR_GB', 'prompts'],
    ['MLX_MANAGER_DISK_FLOOR_GB', 'downloads'],
    ['MLX_SERVER_MAX_REQUEST_BODY_MB', 'requests'],
    ['MLX_SERVER_MAX_MODELS', 'models'],
    ['MLX_SERVER_LOAD_WAIT_S', 'models'],
    ['MLX_SERVER_LOG_LEVEL', 'records'],
    ['MLX_SERVER_ALLOWED_HOSTS', 'access'],
    ['MLX_MANAGER_HOST', 'address'],
    ['MLX_MANAGER_RESTART_SERVER', 'process'],
    ['MLX_MANAGER_HOME', 'data'],
    ['MLX_MANAGER_SOMETHING', 'other']
  ])('%s belongs to %s', (name, topic) => expect(topicOf(name)).toBe(topic));
});

describe('shapeOf', () => {
  it('fits the schema', () => {
    expect(shape({ type: 'boolean' }).kind).toBe('toggle');
    expect(shape({ anyOf: [{ type: 'boolean' }, { type: 'null' }] })).toEqual({
      kind: 'choice',
      choices: ['true', 'false'],
      isNullable: true
    });
    expect(shape({ type: 'integer', minimum: 1, maximum: 16 })).toEqual({
      kind: 'number',
      isInteger: true,
      min: 1,
      max: 16,
      isAbove: false,
      isNullable: false
    });
    expect(shape({ type: 'array', items: { type: 'string' } }).kind).toBe('lines');
    expect(shape({ type: 'object' }).kind).toBe('json');
    expect(shape({ enum: ['a', 'b'], type: 'string' }).kind).toBe('choice');
    expect(shape({ anyOf: [{ type: 'string' }, { type: 'integer' }] }).kind).toBe('json');
  });
});

describe('entries', () => {
  const number = shape({ anyOf: [{ type: 'number', exclusiveMinimum: 0, maximum: 9 }, { type: 'null' }] });
  it('come back as they went', () => {
    for (const [schema, value] of [
      [{ type: 'boolean' }, true],
      [{ type: 'integer' }, 4],
      [{ type: 'string' }, 'INFO'],
      [{ type: 'array', items: { type: 'string' } }, ['a', 'b']],
      [{ type: 'object' }, { a: 'b' }],
      [{ anyOf: [{ type: 'boolean' }, { type: 'null' }] }, null]
    ] as [Record<string, unknown>, unknown][]) {
      expect(readEntry(entryOf(value, shape(schema)), shape(schema))).toEqual({ value });
    }
  });
  it('say what is wrong', () => {
    expect(readEntry('x', number)).toEqual({ fault: 'number' });
    expect(readEntry('0', number)).toEqual({ fault: 'notAbove' });
    expect(readEntry('10', number)).toEqual({ fault: 'above' });
    expect(readEntry('', number)).toEqual({ value: null });
    expect(readEntry('0,5', number)).toEqual({ value: 0.5 });
    expect(readEntry('1.5', shape({ type: 'integer' }))).toEqual({ fault: 'integer' });
    expect(readEntry('', shape({ type: 'integer' }))).toEqual({ fault: 'missing' });
    expect(readEntry('{', shape({ type: 'object' }))).toEqual({ fault: 'json' });
  });
});

describe('lists', () => {
  const all = [
    setting('MLX_MANAGER_HOST', { description: 'Address to listen on' }),
    setting('MLX_SERVER_MAX_MODELS', { source: 'environment' })
  ];
  const none = { text: '', program: '', topic: '', isChangedOnly: false };
  it('are searched by all words', () => {
    expect(all.filter((each) => fits(each, { ...none, text: 'address HOST' }))).toEqual([all[0]]);
    expect(all.filter((each) => fits(each, { ...none, isChangedOnly: true }))).toEqual([all[1]]);
    expect(all.filter((each) => fits(each, { ...none, topic: 'models' }))).toEqual([all[1]]);
  });
  it('have the inference server first', () => {
    expect(grouped(all).map(({ program }) => program)).toEqual(['server', 'manager']);
  });
});

it('tells values in a line', () => {
  expect(valueText([])).toBeNull();
  expect(valueText(['a', 'b'])).toBe('a, b');
  expect(valueText({ a: 1 })).toBe('{"a":1}');
  expect(valueText(false)).toBe('false');
});

it('finds code in a description', () => {
  expect(pieces('Such as `/mlx`; none')).toEqual([
    { text: 'Such as ', isCode: false },
    { text: '/mlx', isCode: true },
    { text: '; none', isCode: false }
  ]);
});
