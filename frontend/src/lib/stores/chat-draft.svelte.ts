/** A chat that is not stored yet: what it will be begun with once something is said. */
import { ask, manager } from '$lib/api/client';
import type { components } from '$lib/api/manager';

export type GenerationParameters = components['schemas']['GenerationParameters'];

const KEY = 'mlx-last-model';

/** The model that was talked to last in this browser; empty where there was none. */
export function lastModel(): string {
  return globalThis.localStorage?.getItem(KEY) ?? '';
}

export function noteLastModel(id: string): void {
  try {
    localStorage.setItem(KEY, id);
  } catch {
    // Storage is forbidden: then it is not remembered.
  }
}

export class ChatDraft {
  model = $state(lastModel());
  systemPrompt = $state('');
  parameters = $state<GenerationParameters>({});
  folderId = $state<string | null>(null);

  /** Begin anew, with the same model. */
  clear(): void {
    this.systemPrompt = '';
    this.parameters = {};
    this.folderId = null;
  }

  /** Choose a model where there is none, or it is not in the library any more. Never throws. */
  async choose(): Promise<void> {
    try {
      const { data } = await ask(manager.GET('/api/v1/library/models'));
      const usable = data.filter((model) => model.reason === null);
      if (usable.some(({ id, aliases }) => id === this.model || aliases.includes(this.model))) return;
      const best = usable.find(({ status }) => status === 'loaded') ?? usable[0];
      if (best !== undefined) this.model = best.id;
    } catch {
      // The picker says what is wrong with the list.
    }
  }
}
