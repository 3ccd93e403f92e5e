/** What the hub has: a search as one types, page after page, and models that were looked at closer. */
import { SvelteMap } from 'svelte/reactivity';
import { ask, manager } from '$lib/api/client';
import { asFault, type Fault } from '$lib/api/fault';
import type { HubModel, HubModelDetails } from '$lib/api/types';
import { sizeLimit, type HubWish } from '$lib/services/library-view-query';

const PAGE = 30;
/** So long something must be pointed at before the hub is asked about it. */
const POINTED_MS = 180;

class HubSearch {
  models = $state.raw<HubModel[] | null>(null);
  fault = $state.raw<Fault | null>(null);
  isLoading = $state(false);
  isLoadingMore = $state(false);
  nextCursor = $state<string | null>(null);
  /** Models by their name at `main`, as far as they were fetched. */
  details = new SvelteMap<string, HubModelDetails>();
  #ending: AbortController | null = null;
  #wanted = '';
  #wish: HubWish | null = null;
  #fetching = new Map<string, Promise<HubModelDetails>>();
  #pointing: ReturnType<typeof setTimeout> | undefined;

  /** Search; the same question is not asked twice in a row. */
  async look(wish: HubWish, budget: number | null): Promise<void> {
    const wanted = JSON.stringify([wish, wish.size === 'budget' ? budget : null]);
    if (wanted === this.#wanted && this.fault === null) return;
    this.#wanted = wanted;
    this.#wish = wish;
    this.#ending?.abort();
    const ending = (this.#ending = new AbortController());
    this.isLoading = true;
    this.isLoadingMore = false;
    try {
      const { data, next_cursor } = await this.#page(wish, budget, null, ending.signal);
      this.models = data;
      this.nextCursor = next_cursor;
      this.fault = null;
    } catch (thrown) {
      if (ending.signal.aborted) return;
      this.fault = asFault(thrown);
    } finally {
      if (this.#ending === ending) this.isLoading = false;
    }
  }

  async more(budget: number | null): Promise<void> {
    if (this.#wish === null || this.nextCursor === null || this.isLoadingMore || this.isLoading) return;
    const ending = (this.#ending ??= new AbortController());
    this.isLoadingMore = true;
    try {
      const { data, next_cursor } = await this.#page(this.#wish, budget, this.nextCursor, ending.signal);
      if (ending.signal.aborted) return;
      // What moved up meanwhile comes twice.
      const known = new Set((this.models ?? []).map((model) => model.id));
      this.models = [...(this.models ?? []), ...data.filter((model) => !known.has(model.id))];
      this.nextCursor = next_cursor;
      this.fault = null;
    } catch (thrown) {
      if (!ending.signal.aborted) this.fault = asFault(thrown);
    } finally {
      if (this.#ending === ending) this.isLoadingMore = false;
    }
  }

  /** One model. Throws what stands against it. */
  fetch(id: string, revision = 'main'): Promise<HubModelDetails> {
    const key = `${id}@${revision}`;
    let fetching = this.#fetching.get(key);
    if (fetching === undefined) {
      fetching = this.#fetch(id, revision).finally(() => this.#fetching.delete(key));
      this.#fetching.set(key, fetching);
    }
    return fetching;
  }

  /** Somebody points at a model: ask about it if they stay, for its fit. */
  point(id: string): void {
    clearTimeout(this.#pointing);
    if (this.details.has(id)) return;
    this.#pointing = setTimeout(() => void this.fetch(id).catch(() => undefined), POINTED_MS);
  }

  leave(): void {
    clearTimeout(this.#pointing);
  }

  async #fetch(id: string, revision: string): Promise<HubModelDetails> {
    const at = id.indexOf('/');
    const path = { owner: id.slice(0, at), name: id.slice(at + 1) };
    const found = await ask(
      manager.GET('/api/v1/hub/models/{owner}/{name}', { params: { path, query: { revision } } })
    );
    if (revision === 'main') this.details.set(id, found);
    return found;
  }

  #page(wish: HubWish, budget: number | null, cursor: string | null, signal: AbortSignal) {
    const query = {
      search: wish.search,
      task: wish.task || undefined,
      family: wish.family || undefined,
      quantization: wish.quantization || undefined,
      max_size_bytes: sizeLimit(wish.size, budget) ?? undefined,
      sort: wish.sort,
      mlx_only: wish.isMlxOnly,
      limit: PAGE,
      cursor: cursor ?? undefined
    };
    return ask(manager.GET('/api/v1/hub/models', { params: { query }, signal }));
  }
}

export const hubSearch = new HubSearch();
