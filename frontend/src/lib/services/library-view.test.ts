import { describe, expect, it } from 'vitest';
import type { LibraryModel, ModelState } from '$lib/api/types';
import { factsOf, familiesOf, nameParts, shownModels, statusOf } from './library-view';
import { readQuery, sizeLimit, whole, withChanges } from './library-view-query';

function model(id: string, more: Partial<LibraryModel> = {}): LibraryModel {
  return {
    id,
    path: `/models/${id}`,
    adapter_path: null,
    source: 'folder',
    commit: null,
    status: 'unloaded',
    progress: null,
    reason: null,
    pinned: false,
    leases: 0,
    waiting: 0,
    family: 'qwen3',
    parameters: 600_000_000,
    quantization: { bits: 4, group_size: 64, mode: 'affine' },
    context_length: 32_768,
    capabilities: ['chat'],
    license: null,
    tool_format: null,
    reasoning_format: null,
    size_bytes: 1000,
    aliases: [],
    duplicates: [],
    last_used_at: null,
    memory: null,
    can_delete: true,
    kept_by: null,
    kept_by_code: null,
    ...more
  };
}

const live = (more: Partial<ModelState>): ModelState => ({
  id: 'a',
  status: 'loaded',
  progress: null,
  reason: null,
  pinned: false,
  pid: 1,
  leases: 0,
  waiting: 0,
  queue: 0,
  running: 0,
  tokens_per_second: 0,
  load_s: null,
  idle_s: null,
  unloads_in_s: null,
  bytes: { estimated: 0, reserved: null, footprint: null, active: null, kv: null, prefixes: null },
  ...more
});

const MODELS = [
  model('owner/Beta', {
    size_bytes: 3000,
    capabilities: ['chat', 'tools'],
    last_used_at: '2026-01-02T00:00:00Z'
  }),
  model('owner/alpha', { family: 'llama', parameters: null, aliases: ['small'] }),
  model('gamma', { family: null, size_bytes: 2000, last_used_at: '2026-03-01T00:00:00Z' })
];
const ANY = { search: '', capability: '', family: '', sort: 'name' };
const ids = (wish: Partial<typeof ANY>) => shownModels(MODELS, { ...ANY, ...wish }).map(({ id }) => id);

describe('shownModels', () => {
  it('finds every word in ids, families and other names', () => {
    expect(ids({ search: 'OWN be' })).toEqual(['owner/Beta']);
    expect(ids({ search: 'llama' })).toEqual(['owner/alpha']);
    expect(ids({ search: 'small' })).toEqual(['owner/alpha']);
    expect(ids({ search: 'nothing' })).toEqual([]);
  });

  it('keeps to a capability and a family', () => {
    expect(ids({ capability: 'tools' })).toEqual(['owner/Beta']);
    expect(ids({ family: 'llama' })).toEqual(['owner/alpha']);
  });

  it('sorts names up and all else down, unknown ones last', () => {
    expect(ids({})).toEqual(['gamma', 'owner/alpha', 'owner/Beta']);
    expect(ids({ sort: 'size' })).toEqual(['owner/Beta', 'gamma', 'owner/alpha']);
    expect(ids({ sort: 'last_used' })).toEqual(['gamma', 'owner/Beta', 'owner/alpha']);
    expect(ids({ sort: 'parameters' })).toEqual(['gamma', 'owner/Beta', 'owner/alpha']);
  });
});

describe('statusOf', () => {
  it('is what the server says now', () => {
    const status = statusOf(model('a'), live({ status: 'loading', progress: 0.4, leases: 1 }));
    expect(status).toMatchObject({ label: 'Loading', tone: 'busy', progress: 0.4, isBusy: true });
  });

  it('is what the library knew where the server says nothing', () => {
    expect(statusOf(model('a', { status: 'unknown' }), undefined).label).toBe('Server not running');
  });

  it('stays incomplete whatever the server says', () => {
    const broken = model('a', { status: 'incomplete', reason: 'config.json is missing' });
    expect(statusOf(broken, live({ status: 'unloaded' }))).toMatchObject({
      label: 'Incomplete',
      reason: 'config.json is missing'
    });
  });
});

describe('what is said of a model', () => {
  it('has its owner apart', () => {
    expect(nameParts('owner/name')).toEqual({ owner: 'owner/', name: 'name' });
    expect(nameParts('demo')).toEqual({ owner: '', name: 'demo' });
  });

  it('leaves out what is not known', () => {
    expect(factsOf(model('a'))).toEqual(['qwen3', '600M', '4-bit', '32,768 context']);
    const bare = model('a', { family: null, parameters: null, quantization: null, context_length: null });
    expect(factsOf(bare)).toEqual([]);
  });

  it('names each family once', () => {
    expect(familiesOf(MODELS)).toEqual(['llama', 'qwen3']);
  });
});

describe('the address', () => {
  const read = (text: string) => readQuery(new URLSearchParams(text));

  it('is the installed models where it says nothing', () => {
    expect(read('')).toMatchObject({ tab: 'installed', search: '', revision: 'main', contextTokens: null });
    expect(read('').wish).toMatchObject({ sort: 'downloads', isMlxOnly: true });
  });

  it('does not take what cannot be', () => {
    expect(read('tab=x&hub=nothing&context=-1&requests=2.5&sort=odd')).toMatchObject({
      tab: 'installed',
      hub: '',
      contextTokens: null,
      concurrency: null,
      wish: { sort: 'downloads' }
    });
  });

  it('has what is wanted of the hub', () => {
    expect(read('tab=discover&search=qwen&size=5&mlx=no&sort=likes').wish).toMatchObject({
      search: 'qwen',
      size: '5',
      isMlxOnly: false,
      sort: 'likes'
    });
  });

  it('keeps the rest when something changes', () => {
    const changed = withChanges(new URLSearchParams('tab=discover&search=a'), { search: 'b', family: null });
    expect(changed).toEqual({ tab: 'discover', search: 'b', family: null });
  });
});

describe('bounds', () => {
  it('are whole numbers', () => {
    expect(whole('8192', 10_000)).toBe(8192);
    expect(['0', '', '1e3', '20000', ' '].map((text) => whole(text, 10_000))).toEqual([
      null,
      null,
      null,
      null,
      null
    ]);
  });

  it('are gigabytes or what models may have', () => {
    expect(sizeLimit('5', null)).toBe(5e9);
    expect(sizeLimit('budget', 7)).toBe(7);
    expect(sizeLimit('', 7)).toBeNull();
  });
});
