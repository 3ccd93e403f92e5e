/**
 * Tokens per second of each model over the last two minutes. Sampled from what the stream has told, once a
 * second while somebody looks: time moves on also where nothing comes.
 */
import { readRates } from '$lib/services/request-view';
import { SAMPLE_S, sampled } from '$lib/services/sparkline-ring';
import { live } from './live.svelte';

class Rates {
  /** Written, by the model's id; the newest last. */
  written = $state.raw<ReadonlyMap<string, readonly number[]>>(new Map());
  /** Of prompts, read; what other users' requests are is told to administrators alone. */
  read = $state.raw<ReadonlyMap<string, readonly number[]>>(new Map());
  #num = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #sampledAt = 0;

  /** Sample while a page is shown; call the result when it goes. */
  begin(): () => void {
    if (this.#num++ === 0) {
      this.#forgetOld();
      this.#sample();
      this.#timer = setInterval(() => this.#sample(), SAMPLE_S * 1000);
    }
    return () => {
      if (--this.#num === 0) clearInterval(this.#timer);
    };
  }

  /** After a while away the line would tell of another time. */
  #forgetOld(): void {
    if (Date.now() - this.#sampledAt < 2 * SAMPLE_S * 1000) return;
    this.written = new Map();
    this.read = new Map();
  }

  #sample(): void {
    this.#sampledAt = Date.now();
    const now = new Map<string, number>();
    for (const model of live.models.values()) {
      if (model.status === 'loaded' || model.status === 'draining')
        now.set(model.id, model.tokens_per_second);
    }
    this.written = sampled(this.written, now);
    this.read = sampled(this.read, readRates(live.requests.values()));
  }
}

export const rates = new Rates();
