/** Downloads: the stream says how they are; until it does, the list as it was asked for. */
import { SvelteMap } from 'svelte/reactivity';
import { ask, manager } from '$lib/api/client';
import type { Download, DownloadDetails } from '$lib/api/types';
import { inOrder, isFinished, isOpen, type DownloadAction } from '$lib/services/download-view';
import { live } from './live.svelte';
import { Resource } from './resource.svelte';

export interface DownloadWish {
  repoId: string;
  revision?: string;
  allowPickle?: boolean;
  allowCode?: boolean;
}

class Downloads {
  first = new Resource<Download[]>(
    async () => (await ask(manager.GET('/api/v1/downloads'))).data,
    'downloads'
  );
  /** What actions have answered since, until the stream says more. */
  #answered = new SvelteMap<string, Download>();

  get all(): Download[] {
    const known = new Map((this.first.data ?? []).map((download) => [download.id, download]));
    for (const [id, download] of this.#answered) {
      if (download.updated_at >= (known.get(id)?.updated_at ?? '')) known.set(id, download);
    }
    return inOrder(live.downloads.size > 0 ? live.downloads.values() : known.values());
  }

  /** Those that come, wait, rest or have failed. */
  get open(): Download[] {
    return this.all.filter(isOpen);
  }

  /** Those that are over, until they are dismissed. */
  get recent(): Download[] {
    return this.all.filter((download) => !isOpen(download));
  }

  /** The one of a model that is not over. */
  ofModel(repoId: string): Download | undefined {
    return this.all.find((download) => download.repo_id === repoId && !isFinished(download));
  }

  /** Whether a model has come, as far as that is remembered. */
  hasBrought(repoId: string): boolean {
    return this.all.some((download) => download.repo_id === repoId && download.status === 'completed');
  }

  /** Throws what stands against it. */
  async begin(wish: DownloadWish): Promise<Download> {
    const body = {
      repo_id: wish.repoId,
      revision: wish.revision ?? 'main',
      allow_pickle: wish.allowPickle ?? false,
      allow_code: wish.allowCode ?? false
    };
    const failed = this.all.find(
      (download) =>
        download.status === 'failed' &&
        download.repo_id === body.repo_id &&
        download.revision === body.revision &&
        download.allow_pickle === body.allow_pickle &&
        download.allow_code === body.allow_code
    );
    // What has come of it is not fetched again.
    if (failed !== undefined) {
      await this.act(failed, 'retry');
      return failed;
    }
    return this.#take(await ask(manager.POST('/api/v1/downloads', { body })));
  }

  /** Throws what stands against it. */
  async act(download: Download, action: DownloadAction): Promise<void> {
    const options = { params: { path: { download_id: download.id } } };
    switch (action) {
      case 'pause':
        return void this.#take(await ask(manager.POST('/api/v1/downloads/{download_id}/pause', options)));
      case 'resume':
        return void this.#take(await ask(manager.POST('/api/v1/downloads/{download_id}/resume', options)));
      case 'cancel':
        return void this.#take(await ask(manager.POST('/api/v1/downloads/{download_id}/cancel', options)));
      case 'retry':
        return void this.#take(await ask(manager.POST('/api/v1/downloads/{download_id}/retry', options)));
      case 'first':
        return void this.#take(await ask(manager.POST('/api/v1/downloads/{download_id}/first', options)));
      case 'dismiss':
        await ask(manager.DELETE('/api/v1/downloads/{download_id}', options));
        this.#answered.delete(download.id);
        live.downloads.delete(download.id);
        this.first.set((this.first.data ?? []).filter((each) => each.id !== download.id));
    }
  }

  details = (id: string): Promise<DownloadDetails> =>
    ask(manager.GET('/api/v1/downloads/{download_id}', { params: { path: { download_id: id } } }));

  #take(download: Download): Download {
    this.#answered.set(download.id, download);
    // Of the two the stream's next word counts; until then this is newer.
    if (live.downloads.size > 0) live.downloads.set(download.id, download);
    return download;
  }
}

export const downloads = new Downloads();
