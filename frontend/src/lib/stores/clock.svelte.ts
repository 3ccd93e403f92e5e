/** The time, once a minute's third: for what says how long ago something was. */
import { createSubscriber } from 'svelte/reactivity';

const STEP_MS = 20_000;

class Clock {
  #subscribe = createSubscriber((update) => {
    const timer = setInterval(update, STEP_MS);
    return () => clearInterval(timer);
  });

  get now(): Date {
    this.#subscribe();
    return new Date();
  }
}

export const clock = new Clock();
