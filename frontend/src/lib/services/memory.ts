/** The server's ledger as parts of one bar, and what it says of what would fit. */
import type { MemoryState, ModelState } from '$lib/api/types';
import { frameStrings } from '$lib/strings';

export type MemoryPartKind = 'weights' | 'kv' | 'prefixes' | 'reserved' | 'free';

export interface MemoryPart {
  kind: MemoryPartKind;
  label: string;
  bytes: number;
  /** Of the budget, from 0 to 1. */
  share: number;
  /** Class of its colour. */
  colour: string;
}

const COLOURS: Record<MemoryPartKind, string> = {
  weights: 'bg-memory-weights',
  kv: 'bg-memory-kv',
  prefixes: 'bg-memory-prefixes',
  reserved: 'bg-memory-reserved',
  free: 'bg-line'
};

/**
 * In use, by kind; then what is promised beyond that; then what is free. They add up to the budget, or to
 * what is promised where that is more.
 */
export function memoryParts(memory: MemoryState): MemoryPart[] {
  const sum = (of: (model: MemoryState['models'][number]) => number) =>
    memory.models.reduce((total, model) => total + of(model), 0);
  const weights = sum((model) => model.reserved.weights);
  const kv = sum((model) => model.kv ?? 0);
  const prefixes = sum((model) => model.prefixes ?? 0);
  const sizes: Record<MemoryPartKind, number> = {
    weights,
    kv,
    prefixes,
    reserved: Math.max(memory.reserved - weights - kv - prefixes, 0),
    free: memory.free
  };
  const whole = Math.max(memory.budget, memory.reserved, 1);
  return (Object.keys(sizes) as MemoryPartKind[]).map((kind) => ({
    kind,
    label: frameStrings.memoryParts[kind],
    bytes: sizes[kind],
    share: Math.min(sizes[kind] / whole, 1),
    colour: COLOURS[kind]
  }));
}

/** What one model holds and is promised: its parts, of its own whole. */
export function modelParts(model: ModelState): MemoryPart[] {
  const { reserved, kv, prefixes } = model.bytes;
  if (reserved === null) return [];
  const held: Record<'weights' | 'kv' | 'prefixes', number> = {
    weights: reserved.weights,
    kv: kv ?? 0,
    prefixes: prefixes ?? 0
  };
  const used = held.weights + held.kv + held.prefixes;
  const sizes = { ...held, reserved: Math.max(reserved.total - used, 0) };
  const whole = Math.max(reserved.total, used, 1);
  return (Object.keys(sizes) as (keyof typeof sizes)[]).map((kind) => ({
    kind,
    label: frameStrings.memoryParts[kind],
    bytes: sizes[kind],
    share: sizes[kind] / whole,
    colour: COLOURS[kind]
  }));
}

export type Tightness = 'none' | 'soft' | 'hard';

/** How short real memory is; what is not known is not short. */
export const tightnessOf = (memory: MemoryState): Tightness =>
  memory.pressure === 'soft' || memory.pressure === 'hard' ? memory.pressure : 'none';

export interface RealUse {
  /** Held by all workers, by the operating system's account. */
  footprint: number;
  budget: number;
  /** What any process could still take. */
  available: number;
  machine: number;
  /** Of the budget, from 0 to 1. */
  share: number;
}

export function realUse(memory: MemoryState): RealUse | null {
  const { real } = memory;
  if (real?.footprint_bytes === undefined || real.budget_bytes === undefined) return null;
  return {
    footprint: real.footprint_bytes,
    budget: real.budget_bytes,
    available: real.available_bytes ?? 0,
    machine: real.machine_bytes ?? 0,
    share: Math.min(real.footprint_bytes / Math.max(real.budget_bytes, 1), 1)
  };
}

/**
 * Whether a model would fit: at once; after idle ones have gone, which they do by themselves; only after
 * requests have ended or pinned ones were let go; or never.
 */
export type Fit = 'now' | 'after-idle' | 'after-busy' | 'never';

/** @param estimated bytes that it takes without caches. */
export function fitOf(estimated: number, memory: MemoryState, models: Iterable<ModelState>): Fit {
  if (estimated > memory.budget) return 'never';
  const resident = [...models].filter((model) => model.bytes.reserved !== null);
  const idle = resident.filter((model) => model.status === 'loaded' && !model.pinned && !isUsed(model));
  // The spare worker gives way, and so does what is promised to caches and not used.
  const unused = resident.reduce((sum, model) => sum + unusedOf(model), 0);
  const room = memory.free + (memory.spare_worker ?? 0) + unused;
  const freed = idle.reduce((sum, model) => sum + (model.bytes.reserved?.total ?? 0) - unusedOf(model), 0);
  const hasPlace = (num: number) => num < memory.max_models;
  if (estimated <= room && hasPlace(resident.length)) return 'now';
  return estimated <= room + freed && hasPlace(resident.length - idle.length) ? 'after-idle' : 'after-busy';
}

/** What a model is promised for its caches and does not use. */
const unusedOf = (model: ModelState): number =>
  model.status === 'loaded' ? (modelParts(model).find((part) => part.kind === 'reserved')?.bytes ?? 0) : 0;

/** What models really need of what they are promised: without the room of caches that is not used. */
export const heldBytes = (memory: MemoryState): number =>
  memoryParts(memory)
    .filter((part) => part.kind !== 'reserved' && part.kind !== 'free')
    .reduce((sum, part) => sum + part.bytes, 0);

/** Whether requests use a model or wait for it. */
export const isUsed = (model: Pick<ModelState, 'leases' | 'waiting'>): boolean =>
  model.leases > 0 || model.waiting > 0;

/** Whether it takes memory, or is about to. */
export const isResident = (model: Pick<ModelState, 'status'>): boolean =>
  model.status === 'loading' || model.status === 'loaded' || model.status === 'draining';
