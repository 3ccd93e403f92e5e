/** The models that can chat, and what would become of a request for each. */
import { ask, manager } from '$lib/api/client';
import type { components } from '$lib/api/manager';
import type { LibraryModel } from '$lib/api/types';
import { byReadiness, modelStatus, type ModelStatus } from '$lib/services/model-status';
import { live } from './live.svelte';
import { Resource } from './resource.svelte';

type LibraryModelList = components['schemas']['LibraryModelList'];

export interface ChatModel {
  model: LibraryModel;
  status: ModelStatus;
}

class ChatModels {
  #list = new Resource<LibraryModelList>(
    () => ask(manager.GET('/api/v1/library/models', { params: { query: { capability: 'chat' } } })),
    'chat-models'
  );
  /** Those that answer soonest first. */
  readonly models: readonly ChatModel[] = $derived(
    (this.#list.data?.data ?? [])
      .map((model) => ({ model, status: modelStatus(model, live.models.get(model.id) ?? null) }))
      .sort(byReadiness)
  );

  get isKnown(): boolean {
    return this.#list.data !== null;
  }

  get isLoading(): boolean {
    return this.#list.isLoading;
  }

  get fault() {
    return this.#list.fault;
  }

  /** By its id or an alias. */
  find(name: string): ChatModel | null {
    return (
      this.models.find(({ model }) => model.id === name) ??
      this.models.find(({ model }) => model.aliases.includes(name)) ??
      null
    );
  }

  refresh(): Promise<void> {
    return this.#list.refresh();
  }

  /** Look, and look again when a model has come or gone; call the result to end it. */
  begin(): () => void {
    void this.refresh();
    return live.onNotice((notice) => {
      if (notice.kind === 'library') void this.refresh();
    });
  }
}

export const chatModels = new ChatModels();
