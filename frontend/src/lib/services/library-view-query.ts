/** What one looks at on the models page, as its address has it. */

export const HUB_SORTS = ['downloads', 'likes', 'updated', 'created', 'name'] as const;
export type HubSort = (typeof HUB_SORTS)[number];

export interface HubWish {
  search: string;
  task: string;
  family: string;
  quantization: string;
  /** In gigabytes, `budget` for what models may have here, or nothing. */
  size: string;
  sort: HubSort;
  isMlxOnly: boolean;
}

export interface ModelsQuery {
  tab: 'installed' | 'discover';
  search: string;
  /** An installed model that is shown by itself. */
  model: string;
  /** One of the hub's. */
  hub: string;
  revision: string;
  capability: string;
  family: string;
  sort: string;
  contextTokens: number | null;
  concurrency: number | null;
  wish: HubWish;
}

const MOST_TOKENS = 10_000_000;
const MOST_REQUESTS = 1024;

export function readQuery(params: URLSearchParams): ModelsQuery {
  const text = (name: string) => params.get(name) ?? '';
  const search = text('search');
  return {
    tab: text('tab') === 'discover' ? 'discover' : 'installed',
    search,
    model: text('model'),
    hub: /^[^/]+\/[^/]+$/.test(text('hub')) ? text('hub') : '',
    revision: text('revision') || 'main',
    capability: text('capability'),
    family: text('family'),
    sort: text('sort'),
    contextTokens: whole(text('context'), MOST_TOKENS),
    concurrency: whole(text('requests'), MOST_REQUESTS),
    wish: {
      search,
      task: text('task'),
      family: text('family'),
      quantization: text('quantization'),
      size: text('size'),
      sort: HUB_SORTS.find((sort) => sort === text('sort')) ?? 'downloads',
      isMlxOnly: text('mlx') !== 'no'
    }
  };
}

/** A whole number from 1 to the most, or null. */
export function whole(text: string, most: number): number | null {
  const value = Number(text);
  return /^\d+$/.test(text.trim()) && value >= 1 && value <= most ? value : null;
}

/** The most bytes of weights for a choice of size; null where there is no bound. */
export function sizeLimit(size: string, budget: number | null): number | null {
  if (size === 'budget') return budget;
  const gigabytes = whole(size, 100_000);
  return gigabytes === null ? null : gigabytes * 1e9;
}

/** The query of an address after a change; empty values leave it. */
export function withChanges(
  params: URLSearchParams,
  changes: Record<string, string | null>
): Record<string, string | null> {
  return { ...Object.fromEntries(params), ...changes };
}
