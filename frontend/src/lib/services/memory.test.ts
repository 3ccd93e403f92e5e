import { describe, expect, it } from 'vitest';
import type { MemoryState, ModelState } from '$lib/api/types';
import { fitOf, isResident, memoryParts, modelParts, realUse, tightnessOf } from './memory';

const reserved = { weights: 40, kv: 10, prefixes: 20, total: 70 };

const model = (more: Partial<ModelState> = {}): ModelState => ({
  id: 'demo',
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
  load_s: 1,
  idle_s: 1,
  unloads_in_s: null,
  bytes: { estimated: 40, reserved, footprint: 45, active: 41, kv: 5, prefixes: 2 },
  ...more
});

const memory = (more: Partial<MemoryState> = {}): MemoryState => ({
  budget: 100,
  reserved: 70,
  free: 30,
  max_models: 2,
  models: [{ id: 'demo', status: 'loaded', reserved, footprint: 45, active: 41, kv: 5, prefixes: 2 }],
  spare_worker: null,
  pressure: 'none',
  explanation: null,
  real: null,
  ...more
});

describe('memoryParts', () => {
  it('adds up to the budget', () => {
    const parts = memoryParts(memory());
    expect(parts.map(({ kind, bytes }) => [kind, bytes])).toEqual([
      ['weights', 40],
      ['kv', 5],
      ['prefixes', 2],
      ['reserved', 23],
      ['free', 30]
    ]);
    expect(parts.reduce((sum, part) => sum + part.share, 0)).toBeCloseTo(1);
  });

  it('stays within the bar where more is promised than the budget has', () => {
    const shares = memoryParts(memory({ budget: 50, free: 0 })).map((part) => part.share);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  });
});

describe('modelParts', () => {
  it('tells what is held and what is promised beyond', () => {
    expect(modelParts(model()).map(({ kind, bytes }) => [kind, bytes])).toEqual([
      ['weights', 40],
      ['kv', 5],
      ['prefixes', 2],
      ['reserved', 23]
    ]);
  });

  it('is nothing for a model that is promised nothing', () => {
    expect(
      modelParts(
        model({
          bytes: { estimated: 40, reserved: null, footprint: null, active: null, kv: null, prefixes: null }
        })
      )
    ).toEqual([]);
  });
});

describe('fitOf', () => {
  it('fits where there is room and a place', () => expect(fitOf(30, memory(), [model()])).toBe('now'));

  it('counts the spare worker, which gives way', () => {
    expect(fitOf(35, memory({ spare_worker: 5 }), [model()])).toBe('now');
  });

  it('fits after an idle model has gone', () => {
    expect(fitOf(60, memory(), [model()])).toBe('after-idle');
    expect(fitOf(1, memory({ max_models: 1 }), [model()])).toBe('after-idle');
  });

  it('must wait for what is used or pinned', () => {
    expect(fitOf(60, memory(), [model({ leases: 1 })])).toBe('after-busy');
    expect(fitOf(60, memory(), [model({ pinned: true })])).toBe('after-busy');
    expect(fitOf(1, memory({ max_models: 1 }), [model({ waiting: 1 })])).toBe('after-busy');
  });

  it('never fits beyond the budget', () => expect(fitOf(101, memory(), [])).toBe('never'));
});

describe('pressure and real use', () => {
  it('knows how short memory is', () => {
    expect(tightnessOf(memory({ pressure: 'soft' }))).toBe('soft');
    expect(tightnessOf(memory({ pressure: 'none' }))).toBe('none');
  });

  it('tells real use, where it was looked at', () => {
    expect(realUse(memory())).toBeNull();
    const real = {
      footprint_bytes: 50,
      budget_bytes: 100,
      available_bytes: 20,
      machine_bytes: 200,
      device_active_bytes: 0,
      device_limit_bytes: 0
    };
    expect(realUse(memory({ real }))).toEqual({
      footprint: 50,
      budget: 100,
      available: 20,
      machine: 200,
      share: 0.5
    });
  });
});

describe('isResident', () => {
  it('is what takes memory', () => {
    expect(
      (['loading', 'loaded', 'draining', 'failed', 'unloaded'] as const).filter((status) =>
        isResident({ status })
      )
    ).toEqual(['loading', 'loaded', 'draining']);
  });
});
