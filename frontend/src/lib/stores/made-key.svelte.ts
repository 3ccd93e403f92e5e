/**
 * A key that was made a moment ago. It is here and nowhere else: no storage and no address of the page ever
 * holds it, and a reload forgets it.
 */
import type { components } from '$lib/api/manager';
import { isKeyLike } from '$lib/services/clients';
import { session } from './session.svelte';

type CreatedKey = components['schemas']['CreatedKey'];

class MadeKey {
  /** One that the person had already and typed in. */
  #given = $state.raw<{ text: string; callerId: string | undefined } | null>(null);
  #made = $state.raw<{ key: CreatedKey; callerId: string | undefined } | null>(null);

  /** Null as well where somebody else looks now. */
  get key(): CreatedKey | null {
    const isTheirs = this.#made !== null && this.#made.callerId === session.caller?.id;
    return isTheirs ? (this.#made?.key ?? null) : null;
  }

  get given(): string {
    return this.#given !== null && this.#given.callerId === session.caller?.id ? this.#given.text : '';
  }

  set given(text: string) {
    this.#given = text === '' ? null : { text, callerId: session.caller?.id };
  }

  /** What is to be sent; null where there is none. */
  get text(): string | null {
    if (this.given !== '') return isKeyLike(this.given) ? this.given : null;
    return this.key?.key ?? null;
  }

  take(key: CreatedKey): void {
    this.#given = null;
    this.#made = { key, callerId: session.caller?.id };
  }

  forget(keyId?: string): void {
    if (keyId === undefined || this.#made?.key.id === keyId) this.#made = null;
  }
}

export const madeKey = new MadeKey();
