/**
 * What changes by itself, from one stream for the whole page: a browser opens six connections to a host at
 * most. A tab that nobody looks at lets go of its own, and has all of it again when it is looked at.
 */
import { SvelteMap } from 'svelte/reactivity';
import { base } from '$app/paths';
import { listen, type StreamState } from '$lib/api/event-stream';
import type { Fault } from '$lib/api/fault';
import type { Download, MemoryState, ModelState, RequestState, Server } from '$lib/api/types';
import { take, type LiveState, type Notice } from '$lib/services/live-state';
import { session } from './session.svelte';

const HIDDEN_GRACE_MS = 5000;
/** A restart of the manager's takes less: not each is worth a word. */
const LOST_AFTER_MS = 1500;

type Listener = (notice: Notice) => void;

class Live implements LiveState {
  server = $state.raw<Server | null>(null);
  isInferenceConnected = $state(false);
  memory = $state.raw<MemoryState | null>(null);
  models = new SvelteMap<string, ModelState>();
  requests = new SvelteMap<string, RequestState>();
  downloads = new SvelteMap<string, Download>();
  /** Whether the manager has not been heard for a while. */
  isLost = $state(false);
  fault = $state.raw<Fault | null>(null);

  #stop: (() => void) | null = null;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #lostTimer: ReturnType<typeof setTimeout> | undefined;
  #listeners = new Set<Listener>();

  /** Be told what to look at anew; call the result to leave. */
  onNotice(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Listen while the page is looked at; call the result to end it. */
  begin(): () => void {
    const follow = () => this.#follow(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', follow);
    this.#open();
    return () => {
      document.removeEventListener('visibilitychange', follow);
      this.#close();
    };
  }

  #follow(isVisible: boolean): void {
    clearTimeout(this.#hiddenTimer);
    if (isVisible) this.#open();
    else this.#hiddenTimer = setTimeout(() => this.#close(), HIDDEN_GRACE_MS);
  }

  #open(): void {
    if (this.#stop !== null) return;
    this.#stop = listen(`${base}/api/v1/events`, {
      onEvent: (event) => {
        const notice = take(this, event.event ?? 'message', event.data);
        if (notice !== null) for (const listener of this.#listeners) listener(notice);
      },
      onState: (state, fault) => this.#note(state, fault)
    });
  }

  #close(): void {
    clearTimeout(this.#hiddenTimer);
    clearTimeout(this.#lostTimer);
    this.#lostTimer = undefined;
    this.#stop?.();
    this.#stop = null;
  }

  #note(state: StreamState, fault: Fault | null): void {
    if (state === 'open') {
      clearTimeout(this.#lostTimer);
      this.#lostTimer = undefined;
      // All downloads are told anew; those that were forgotten meanwhile are not.
      this.downloads.clear();
      this.isLost = false;
      this.fault = null;
    } else if (state === 'refused') {
      this.#stop = null;
      this.fault = fault;
      if (fault?.isSignedOut) session.lost();
    } else if (state === 'lost') {
      this.#lostTimer ??= setTimeout(() => (this.isLost = true), LOST_AFTER_MS);
    }
  }
}

export const live = new Live();
