import { describe, expect, it } from 'vitest';
import type { components } from '$lib/api/manager';
import type { LibraryModel } from '$lib/api/types';
import { byReadiness, modelFacts, modelStatus } from './model-status';

type Memory = components['schemas']['MemoryView'];

const memory: Memory = {
  verdict: 'fits',
  gives_way: [],
  weights_bytes: 4e9,
  process_bytes: 5e7,
  kv_cache_bytes: 1e9,
  kept_prompts_bytes: 1e9,
  needed_bytes: 6e9,
  least_bytes: 5e9,
  other_models_bytes: 0,
  budget_bytes: 8e9,
  context_tokens: 4096,
  concurrency: 1,
  kv_bytes_per_token: 1000,
  max_context_tokens: null,
  explanation: ''
};
const library = { status: 'unloaded', progress: null, reason: null, memory };
const live = { status: 'loaded' as const, progress: null, reason: null, tokens_per_second: 0 };

describe('the state of a model', () => {
  it('is what the server says now, whatever the library said', () => {
    expect(modelStatus({ ...library, status: 'loading', progress: 0.2 }, live)).toMatchObject({
      kind: 'loaded',
      tone: 'ok',
      detail: ''
    });
    expect(modelStatus(library, { ...live, tokens_per_second: 38 }).detail).toBe('38 tok/s');
  });

  it('says how far a load is', () => {
    expect(modelStatus(library, { ...live, status: 'loading' as const, progress: 0.5 })).toMatchObject({
      kind: 'loading',
      detail: '50%',
      progress: 0.5
    });
    expect(modelStatus({ ...library, status: 'loading' }, null)).toMatchObject({
      detail: '',
      progress: null
    });
  });

  it('is going while requests end', () => {
    expect(modelStatus(library, { ...live, status: 'draining' }).kind).toBe('unloading');
  });

  it.each(['failed', 'incomplete'] as const)('%s says why', (status) => {
    const found = modelStatus({ ...library, status, reason: 'a file is missing' }, null);
    expect(found).toMatchObject({ kind: status, tone: 'fail', detail: 'a file is missing' });
  });

  it('says what a load takes', () => {
    expect(modelStatus(library, null)).toMatchObject({ kind: 'will-load', detail: 'takes up to 6 GB' });
    expect(modelStatus(library, { ...live, status: 'unloaded' }).kind).toBe('will-load');
  });

  it('says what gives way', () => {
    const tight = { ...memory, verdict: 'tight' as const, gives_way: ['other_models', 'context'] as const };
    const found = modelStatus({ ...library, memory: { ...tight, gives_way: [...tight.gives_way] } }, null);
    expect(found.kind).toBe('tight');
    expect(found.detail).toMatch(/^other models.*; long requests/);
  });

  it('says by how much it is too large', () => {
    const large = { ...memory, verdict: 'does_not_fit' as const, least_bytes: 12e9 };
    expect(modelStatus({ ...library, memory: large }, null)).toMatchObject({
      kind: 'does-not-fit',
      detail: 'needs 12 GB, and there are 8 GB'
    });
  });

  it('does without what is not known', () => {
    expect(modelStatus(null, null).kind).toBe('will-load');
    expect(modelStatus({ ...library, memory: null, reason: 'no weights' }, null).kind).toBe('incomplete');
    expect(modelStatus(null, live).kind).toBe('loaded');
  });
});

describe('what is known of a model', () => {
  it('leaves out what is not', () => {
    const facts = { quantization: { bits: 4, group_size: 64, mode: 'affine' }, size_bytes: 4.1e9 };
    expect(modelFacts({ ...facts, context_length: 32_768 })).toBe('4-bit · 4.1 GB · 32.8K context');
    expect(modelFacts({ quantization: null, size_bytes: 1e9, context_length: null })).toBe('1 GB');
  });
});

it('lists those first that answer soonest', () => {
  const model = (id: string, used: string | null) => ({ id, last_used_at: used }) as LibraryModel;
  const ready = modelStatus(null, live);
  const cold = modelStatus(library, null);
  const listed = [
    { model: model('a', null), status: cold },
    { model: model('b', '2026-01-01'), status: cold },
    { model: model('c', null), status: ready }
  ];
  expect(listed.sort(byReadiness).map((each) => each.model.id)).toEqual(['c', 'b', 'a']);
});
