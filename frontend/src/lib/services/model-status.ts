/** What becomes of a request for a model: from what is installed, and from what the server says now. */
import type { components } from '$lib/api/manager';
import type { LibraryModel, ModelState } from '$lib/api/types';
import { historyStrings } from '$lib/strings';
import { bytes, compact, percent, tokensPerSecond } from './format';

export type ModelStatusKind =
  'loaded' | 'loading' | 'will-load' | 'tight' | 'does-not-fit' | 'failed' | 'incomplete' | 'unloading';

export interface ModelStatus {
  kind: ModelStatusKind;
  tone: 'ok' | 'busy' | 'warn' | 'fail' | 'neutral';
  /** In a word or two. */
  label: string;
  /** Why, or how far; empty where there is nothing more to say. */
  detail: string;
  /** Of a load, from 0 to 1. */
  progress: number | null;
}

type Memory = components['schemas']['MemoryView'];
type Library = Pick<LibraryModel, 'status' | 'progress' | 'reason' | 'memory'>;
type Live = Pick<ModelState, 'status' | 'progress' | 'reason' | 'tokens_per_second'>;

const TONES: Record<ModelStatusKind, ModelStatus['tone']> = {
  loaded: 'ok',
  loading: 'busy',
  'will-load': 'neutral',
  tight: 'warn',
  'does-not-fit': 'fail',
  failed: 'fail',
  incomplete: 'fail',
  unloading: 'busy'
};

/** Either may be null: what the server says counts over what the library said when it was asked. */
export function modelStatus(library: Library | null, live: Live | null): ModelStatus {
  const status = live?.status ?? library?.status ?? 'unknown';
  const reason = live?.reason ?? library?.reason ?? '';
  switch (status) {
    case 'loaded':
      return state(
        'loaded',
        live && live.tokens_per_second > 0 ? tokensPerSecond(live.tokens_per_second) : ''
      );
    case 'loading': {
      const progress = live ? live.progress : (library?.progress ?? null);
      return state('loading', progress === null ? '' : percent(progress), progress);
    }
    case 'draining':
      return state('unloading', '');
    case 'failed':
    case 'incomplete':
      return state(status, reason);
    default:
      return unloaded(library?.memory ?? null, reason);
  }
}

function unloaded(memory: Memory | null, reason: string): ModelStatus {
  if (memory === null) return reason ? state('incomplete', reason) : state('will-load', '');
  const words = historyStrings.fit;
  switch (memory.verdict) {
    case 'fits':
      return state('will-load', words.fits(bytes(memory.needed_bytes)));
    case 'tight':
      return state('tight', memory.gives_way.map((what) => words.givesWay[what]).join('; '));
    case 'does_not_fit':
      return state('does-not-fit', words.tooLarge(bytes(memory.least_bytes), bytes(memory.budget_bytes)));
  }
}

function state(kind: ModelStatusKind, detail: string, progress: number | null = null): ModelStatus {
  return { kind, tone: TONES[kind], label: historyStrings.modelStates[kind], detail, progress };
}

/** What is known of a model in a line, such as `4-bit · 4.1 GB · 33K context`. */
export function modelFacts(
  model: Pick<LibraryModel, 'quantization' | 'size_bytes' | 'context_length'>
): string {
  const words = historyStrings.facts;
  return [
    model.quantization && words.bits(model.quantization.bits),
    bytes(model.size_bytes),
    model.context_length && words.context(compact(model.context_length))
  ]
    .filter(Boolean)
    .join(' · ');
}

const RANKS: Record<ModelStatusKind, number> = {
  loaded: 0,
  loading: 1,
  'will-load': 2,
  tight: 3,
  unloading: 4,
  failed: 5,
  incomplete: 6,
  'does-not-fit': 7
};

/** Those that answer soonest first, then those that were used last. */
export function byReadiness(
  one: { model: LibraryModel; status: ModelStatus },
  other: { model: LibraryModel; status: ModelStatus }
): number {
  return (
    RANKS[one.status.kind] - RANKS[other.status.kind] ||
    (other.model.last_used_at ?? '').localeCompare(one.model.last_used_at ?? '') ||
    one.model.id.localeCompare(other.model.id)
  );
}
