/** The server's ledger as parts of one bar. */
import type { MemoryState } from '$lib/api/types';
import { strings } from '$lib/strings';

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
    label: strings.server.memoryParts[kind],
    bytes: sizes[kind],
    share: Math.min(sizes[kind] / whole, 1),
    colour: COLOURS[kind]
  }));
}
