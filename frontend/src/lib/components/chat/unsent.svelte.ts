/** What is written and not sent yet: of each chat its own, kept over a reload. */
import type { PendingFile } from '$lib/services/attachments';

/** Forgotten with all else that was cached when somebody else signs in. */
const PREFIX = 'mlx-cache:unsent ';

export class Unsent {
  text = $state('');
  files = $state.raw<readonly PendingFile[]>([]);
  #chatId: string | null | undefined;

  /** Go to another chat's; files do not come along. */
  open(chatId: string | null): void {
    if (chatId === this.#chatId) return;
    this.files = [];
    this.#chatId = chatId;
    this.text = sessionStorage.getItem(this.#key) ?? '';
  }

  /** The same words, of the chat that was just begun for them. */
  moveTo(chatId: string): void {
    sessionStorage.removeItem(this.#key);
    this.#chatId = chatId;
  }

  keep(): void {
    try {
      if (this.text) sessionStorage.setItem(this.#key, this.text);
      else sessionStorage.removeItem(this.#key);
    } catch {
      // Full or forbidden: then a reload loses it.
    }
  }

  set(text: string, files: readonly PendingFile[]): void {
    this.text = text;
    this.files = files;
    this.keep();
  }

  get #key(): string {
    return PREFIX + (this.#chatId ?? 'new');
  }
}
