/** Whether the history is shown: beside the conversation it stays, over it it goes once something is chosen. */
import { tick } from 'svelte';
import type { MediaQuery } from 'svelte/reactivity';

const KEY = 'mlx-chat-history';

export class HistoryShown {
  #wide: MediaQuery;
  #isBeside = $state(globalThis.localStorage?.getItem(KEY) !== '0');
  #isOver = $state(false);

  constructor(wide: MediaQuery) {
    this.#wide = wide;
  }

  get isWide(): boolean {
    return this.#wide.current;
  }

  get isOpen(): boolean {
    return this.isWide ? this.#isBeside : this.#isOver;
  }

  set isOpen(isOpen: boolean) {
    if (!this.isWide) {
      this.#isOver = isOpen;
      return;
    }
    this.#isBeside = isOpen;
    localStorage.setItem(KEY, isOpen ? '1' : '0');
  }

  /** Somewhere else is shown now. */
  leave(): void {
    this.#isOver = false;
  }

  /** Show it, and go to its search. */
  search(): void {
    this.isOpen = true;
    void tick().then(() => document.querySelector<HTMLInputElement>('[type="search"]')?.focus());
  }
}
