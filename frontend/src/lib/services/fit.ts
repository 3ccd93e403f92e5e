/** Whether a model fits into memory, as a person is told it. */
import type { Tone } from '$lib/components/ui';
import type { LibraryModel, LibraryModelList } from '$lib/api/types';
import { modelsStrings } from '$lib/strings';
import { bytes, count } from './format';

export type Fit = NonNullable<LibraryModel['memory']>;
export type Machine = LibraryModelList['machine'];

const TONES: Record<Fit['verdict'], Tone> = { fits: 'ok', tight: 'warn', does_not_fit: 'fail' };

export const fitTone = (fit: Fit): Tone => TONES[fit.verdict];

/** Why the verdict is what it is, each reason a sentence. */
export function fitReasons(fit: Fit): string[] {
  const words = modelsStrings.fit;
  if (fit.verdict === 'fits') return [words.fitsBecause];
  if (fit.verdict === 'does_not_fit') {
    return [words.doesNotFitBecause(bytes(fit.least_bytes), bytes(fit.budget_bytes))];
  }
  return fit.gives_way.map((what) => words.givesWay[what]);
}

/** What the numbers of a fit are for: `4 requests of 8,192 tokens`. */
export const fitUse = (fit: Fit): string => modelsStrings.fit.use(fit.concurrency, count(fit.context_tokens));

export type FitPartKind = 'others' | 'weights' | 'process' | 'kv' | 'prompts';

export interface FitPart {
  kind: FitPartKind;
  label: string;
  bytes: number;
  /** Of the whole bar, from 0 to 1. */
  share: number;
  /** Class of its colour. */
  colour: string;
}

export interface FitParts {
  parts: FitPart[];
  /** Where the budget ends in the bar, from 0 to 1; 1 where all of it is within. */
  budgetShare: number;
}

const COLOURS: Record<FitPartKind, string> = {
  others: 'bg-memory-reserved',
  weights: 'bg-memory-weights',
  process: 'bg-ink/60',
  kv: 'bg-memory-kv',
  prompts: 'bg-memory-prefixes'
};

/** The need against the budget, what other models hold first. The bar is as long as the longer of the two. */
export function fitParts(fit: Fit): FitParts {
  const sizes: Record<FitPartKind, number> = {
    others: fit.other_models_bytes,
    weights: fit.weights_bytes,
    process: fit.process_bytes,
    kv: fit.kv_cache_bytes,
    prompts: fit.kept_prompts_bytes
  };
  const kinds: FitPartKind[] = ['others', 'weights', 'process', 'kv', 'prompts'];
  const used = kinds.reduce((sum, kind) => sum + sizes[kind], 0);
  const whole = Math.max(used, fit.budget_bytes, 1);
  return {
    parts: kinds.map((kind) => ({
      kind,
      label: modelsStrings.fit.parts[kind],
      bytes: sizes[kind],
      share: sizes[kind] / whole,
      colour: COLOURS[kind]
    })),
    budgetShare: fit.budget_bytes / whole
  };
}

export interface SizeEstimate {
  tone: Tone;
  text: string;
}

/** Half precision is held at twice its size on a CPU; packed weights are not. */
const HALVES = new Set(['bf16', 'fp16', 'f16', 'bfloat16', 'float16']);

/** What is known of a model's need from the size of its weights alone; null where that is not known. */
export function estimateOf(
  model: { size_bytes: number | null; quantization: string | null },
  machine: Machine | null
): SizeEstimate | null {
  if (model.size_bytes === null || machine === null) return null;
  const widens = machine.widens_half && HALVES.has((model.quantization ?? '').toLowerCase());
  const size = model.size_bytes * (widens ? 2 : 1);
  const budget = bytes(machine.budget_bytes);
  return size > machine.budget_bytes
    ? { tone: 'fail', text: modelsStrings.fit.estimateTooLarge(bytes(size), budget) }
    : { tone: 'neutral', text: modelsStrings.fit.estimate(bytes(size), budget) };
}
