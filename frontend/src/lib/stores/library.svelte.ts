/** The installed models, their fit, and what is done with them. */
import { SvelteMap } from 'svelte/reactivity';
import { ask, manager, server } from '$lib/api/client';
import { asFault } from '$lib/api/fault';
import type { LibraryModel, LibraryModelList, Verification } from '$lib/api/types';
import { modelsStrings } from '$lib/strings';
import { live } from './live.svelte';
import { Resource } from './resource.svelte';
import { toasts } from './toasts.svelte';

/** For what the fit is reckoned; null is as the server is set. */
export interface FitUse {
  contextTokens: number | null;
  concurrency: number | null;
}

const VERIFICATION_STEP_MS = 700;
/** Many changes at once are looked at once. */
const SETTLE_MS = 200;

class Library {
  use = $state.raw<FitUse>({ contextTokens: null, concurrency: null });
  list = new Resource<LibraryModelList>(() => this.#load(), 'library');
  /** The newest verification of each model. */
  verifications = new SvelteMap<string, Verification>();
  /** Models that this page has asked to load, unload or pin, until that is answered. */
  busy = new SvelteMap<string, 'load' | 'unload' | 'pin'>();
  #settling: ReturnType<typeof setTimeout> | undefined;
  #followed = new Set<string>();

  get models(): readonly LibraryModel[] {
    return this.list.data?.data ?? [];
  }

  find(id: string): LibraryModel | undefined {
    return this.models.find((model) => model.id === id);
  }

  /** Look now, and whenever the manager says that something has changed; call the result to leave. */
  follow(): () => void {
    void this.list.refresh();
    void this.#findVerifications();
    const leave = live.onNotice((notice) => {
      if (notice.kind === 'library') this.lookSoon();
    });
    return () => {
      leave();
      clearTimeout(this.#settling);
    };
  }

  lookSoon(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      void this.list.refresh();
      void this.#findVerifications();
    }, SETTLE_MS);
  }

  setUse(use: FitUse): void {
    if (use.contextTokens === this.use.contextTokens && use.concurrency === this.use.concurrency) return;
    this.use = use;
    void this.list.refresh();
  }

  load = (id: string) =>
    this.#do(id, 'load', modelsStrings.actions.loaded(id), () =>
      server.POST('/admin/models/{model_id}/load', { params: { path: { model_id: id } } })
    );

  unload = (id: string) =>
    this.#do(id, 'unload', modelsStrings.actions.unloaded(id), () =>
      server.POST('/admin/models/{model_id}/unload', { params: { path: { model_id: id } } })
    );

  pin = (id: string, isPinned: boolean) =>
    isPinned
      ? this.#do(id, 'pin', modelsStrings.actions.pinned(id), () =>
          server.POST('/admin/models/{model_id}/pin', { params: { path: { model_id: id } } })
        )
      : this.#do(id, 'pin', modelsStrings.actions.unpinned(id), () =>
          server.POST('/admin/models/{model_id}/unpin', { params: { path: { model_id: id } } })
        );

  /** Throws what stands against it. */
  async remove(id: string, { unload }: { unload: boolean }): Promise<number> {
    const { freed_bytes } = await ask(
      manager.DELETE('/api/v1/library/models/{model_id}', {
        params: { path: { model_id: id }, query: { unload } }
      })
    );
    void this.list.refresh();
    return freed_bytes;
  }

  async verify(id: string): Promise<void> {
    try {
      this.#take(
        await ask(
          manager.POST('/api/v1/library/models/{model_id}/verify', { params: { path: { model_id: id } } })
        )
      );
    } catch (thrown) {
      toasts.show(modelsStrings.actions.failed(id, asFault(thrown).message), { kind: 'fail' });
    }
  }

  async stopVerifying(verification: Verification): Promise<void> {
    const params = { path: { verification_id: verification.id } };
    try {
      this.#take(await ask(manager.DELETE('/api/v1/library/verifications/{verification_id}', { params })));
    } catch (thrown) {
      toasts.show(asFault(thrown).message, { kind: 'fail' });
    }
  }

  async #load(): Promise<LibraryModelList> {
    const { contextTokens, concurrency } = this.use;
    const query = { context_tokens: contextTokens ?? undefined, concurrency: concurrency ?? undefined };
    return ask(manager.GET('/api/v1/library/models', { params: { query } }));
  }

  async #do(
    id: string,
    what: 'load' | 'unload' | 'pin',
    done: string,
    run: () => Promise<{ data?: unknown; error?: unknown; response: Response }>
  ): Promise<void> {
    this.busy.set(id, what);
    try {
      await ask(run());
      toasts.show(done);
    } catch (thrown) {
      toasts.show(modelsStrings.actions.failed(id, asFault(thrown).message), { kind: 'fail' });
    } finally {
      this.busy.delete(id);
      void this.list.refresh();
    }
  }

  async #findVerifications(): Promise<void> {
    try {
      const { data } = await ask(manager.GET('/api/v1/library/verifications'));
      for (const verification of [...data].reverse()) this.#take(verification);
    } catch {
      // They are an extra: the list of models says by itself when the manager does not answer.
    }
  }

  #take(verification: Verification): void {
    this.verifications.set(verification.model_id, verification);
    if (verification.status === 'running') void this.#followVerification(verification.id);
  }

  /** The stream tells when one has ended, but not how far it is. */
  async #followVerification(id: string): Promise<void> {
    if (this.#followed.has(id)) return;
    this.#followed.add(id);
    try {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, VERIFICATION_STEP_MS));
        const params = { path: { verification_id: id } };
        const now = await ask(manager.GET('/api/v1/library/verifications/{verification_id}', { params }));
        this.verifications.set(now.model_id, now);
        if (now.status !== 'running') return;
      }
    } catch {
      // The manager has ended, and its verifications with it.
    } finally {
      this.#followed.delete(id);
    }
  }
}

export const library = new Library();
