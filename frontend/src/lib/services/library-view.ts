/** Which installed models are shown, in what order, and what is said of each. */
import type { Tone } from '$lib/components/ui';
import type { LibraryModel, ModelState } from '$lib/api/types';
import { modelsStrings } from '$lib/strings';
import { count, parameters } from './format';

export type Capability = LibraryModel['capabilities'][number];
export const CAPABILITIES: readonly Capability[] = [
  'chat',
  'tools',
  'reasoning',
  'vision',
  'audio',
  'embeddings',
  'infill'
];

export const LIBRARY_SORTS = ['name', 'size', 'last_used', 'parameters', 'context_length'] as const;
export type LibrarySort = (typeof LIBRARY_SORTS)[number];

export interface LibraryWish {
  search: string;
  capability: string;
  family: string;
  sort: string;
}

export function shownModels(models: readonly LibraryModel[], wish: LibraryWish): LibraryModel[] {
  const words = wish.search.toLowerCase().split(/\s+/).filter(Boolean);
  return models
    .filter((model) => {
      if (wish.capability && !model.capabilities.some((each) => each === wish.capability)) return false;
      if (wish.family && model.family !== wish.family) return false;
      const text = [model.id, model.family ?? '', ...model.aliases].join(' ').toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => compare(a, b, wish.sort) || a.id.localeCompare(b.id));
}

/** Names from A to Z, all else from most to least; what is not known comes last. */
function compare(a: LibraryModel, b: LibraryModel, sort: string): number {
  switch (sort) {
    case 'size':
      return b.size_bytes - a.size_bytes;
    case 'last_used':
      return (b.last_used_at ?? '').localeCompare(a.last_used_at ?? '');
    case 'parameters':
      return (b.parameters ?? -1) - (a.parameters ?? -1);
    case 'context_length':
      return (b.context_length ?? -1) - (a.context_length ?? -1);
    default:
      return 0;
  }
}

export function familiesOf(models: readonly LibraryModel[]): string[] {
  return [...new Set(models.flatMap((model) => model.family ?? []))].sort();
}

/** `mlx-community/Qwen3` as its owner, with the stroke, and its name. */
export function nameParts(id: string): { owner: string; name: string } {
  const at = id.lastIndexOf('/') + 1;
  return { owner: id.slice(0, at), name: id.slice(at) };
}

export function quantizationOf(model: LibraryModel): string {
  const packed = model.quantization;
  if (packed === null) return modelsStrings.notPacked;
  return packed.mode === 'affine' ? modelsStrings.bits(packed.bits) : packed.mode;
}

/** The short facts of a row. */
export function factsOf(model: LibraryModel): string[] {
  return [
    model.family,
    model.parameters === null ? null : parameters(model.parameters),
    model.memory === null && model.quantization === null ? null : quantizationOf(model),
    model.context_length === null ? null : modelsStrings.contextOf(count(model.context_length))
  ].filter((fact): fact is string => fact !== null);
}

export interface ModelStatus {
  name: string;
  tone: Tone;
  label: string;
  /** Of a load, from 0 to 1. */
  progress: number | null;
  reason: string | null;
  isPinned: boolean;
  isBusy: boolean;
}

const TONES: Record<string, Tone> = {
  loaded: 'ok',
  loading: 'busy',
  draining: 'busy',
  failed: 'fail',
  incomplete: 'warn'
};

/** A model's state: the live one where the server says it, else what the library last knew. */
export function statusOf(model: LibraryModel, live: ModelState | undefined): ModelStatus {
  const isUsable = model.status !== 'incomplete';
  const name = isUsable && live !== undefined ? live.status : model.status;
  return {
    name,
    tone: TONES[name] ?? 'neutral',
    label: modelsStrings.status[name] ?? name,
    progress: (live ?? model).progress,
    reason: (isUsable ? live?.reason : null) ?? model.reason,
    isPinned: live?.pinned ?? model.pinned ?? false,
    isBusy: (live?.leases ?? model.leases ?? 0) > 0
  };
}
