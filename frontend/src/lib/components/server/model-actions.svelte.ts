/** Loading, unloading and pinning: what is under way, and what came of it where that is not a success. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { ask, server } from '$lib/api/client';
import { asFault, type Fault } from '$lib/api/fault';
import { live } from '$lib/stores/live.svelte';
import { toasts } from '$lib/stores/toasts.svelte';
import { serverStrings } from '$lib/strings';

export class ModelActions {
  /** Models that something is done with. */
  busy = new SvelteSet<string>();
  faults = new SvelteMap<string, Fault>();

  load(id: string): Promise<void> {
    return this.#do(id, async () => {
      live.models.set(id, await ask(server.POST('/admin/models/{model_id}/load', path(id))));
      toasts.show(serverStrings.models.loaded(id));
    });
  }

  /** @param isForced end its requests with an error, instead of waiting for them. */
  unload(id: string, isForced: boolean): Promise<void> {
    return this.#do(id, async () => {
      const params = { path: { model_id: id }, query: { force: isForced } };
      live.models.set(id, await ask(server.POST('/admin/models/{model_id}/unload', { params })));
      toasts.show(serverStrings.models.unloaded(id));
    });
  }

  pin(id: string, isPinned: boolean): Promise<void> {
    return this.#do(id, async () => {
      const answer = isPinned
        ? server.POST('/admin/models/{model_id}/pin', path(id))
        : server.POST('/admin/models/{model_id}/unpin', path(id));
      live.models.set(id, await ask(answer));
    });
  }

  async #do(id: string, act: () => Promise<void>): Promise<void> {
    this.busy.add(id);
    this.faults.delete(id);
    try {
      await act();
    } catch (thrown) {
      this.faults.set(id, asFault(thrown));
    } finally {
      this.busy.delete(id);
    }
  }
}

const path = (id: string) => ({ params: { path: { model_id: id } } });
