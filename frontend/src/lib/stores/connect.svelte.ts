/** What the set-ups are filled in with, and a trial of one of them. */
import { base } from '$app/paths';
import { ask, manager } from '$lib/api/client';
import { asFault, Fault } from '$lib/api/fault';
import type { LibraryModel } from '$lib/api/types';
import type { Dialect } from '$lib/services/clients';
import { NO_ANSWER, tryClient, type Answer } from '$lib/services/try-client';
import { connectStrings } from '$lib/strings';
import { Resource } from './resource.svelte';

/** Installed models that can chat, those of broken files left out. */
export const chatModels = new Resource<LibraryModel[]>(async () => {
  const { data } = await ask(manager.GET('/api/v1/library/models'));
  return data.filter((model) => model.capabilities.includes('chat') && model.status !== 'incomplete');
}, 'connect-models');

export type TrialState = 'none' | 'waiting' | 'writing' | 'done' | 'failed' | 'stopped';

export class ClientTrial {
  state = $state<TrialState>('none');
  status = $state<number | null>(null);
  answer = $state.raw<Answer>(NO_ANSWER);
  fault = $state.raw<Fault | null>(null);
  /** From the request to its first token. */
  firstTokenS = $state<number | null>(null);
  totalS = $state<number | null>(null);
  #ending: AbortController | null = null;

  get isRunning(): boolean {
    return this.state === 'waiting' || this.state === 'writing';
  }

  /** Tokens a second after the first one; null where there are too few to say. */
  get tokensPerSecond(): number | null {
    const tokens = this.answer.answerTokens;
    if (tokens === null || tokens < 2 || this.firstTokenS === null || this.totalS === null) return null;
    const writing = this.totalS - this.firstTokenS;
    return writing > 0 ? (tokens - 1) / writing : null;
  }

  async run(dialect: Dialect, model: string, key: string | null): Promise<void> {
    this.reset();
    const ending = new AbortController();
    this.#ending = ending;
    this.state = 'waiting';
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const isCurrent = () => this.#ending === ending;
    try {
      const question = connectStrings.try.question;
      const answer = await tryClient(
        { dialect, base, model, key, question },
        {
          onStatus: (status) => isCurrent() && (this.status = status),
          onAnswer: (answer) => isCurrent() && this.#take(answer, seconds())
        },
        ending.signal
      );
      if (!answer.isComplete) throw new Fault(connectStrings.try.broken, this.status ?? 0, 'incomplete');
      if (isCurrent()) this.state = 'done';
    } catch (thrown) {
      if (!isCurrent()) return;
      this.state = ending.signal.aborted ? 'stopped' : 'failed';
      this.fault = ending.signal.aborted ? null : asFault(thrown);
    }
  }

  stop(): void {
    this.#ending?.abort();
  }

  /** Forget the last one; one that runs ends. */
  reset(): void {
    const ending = this.#ending;
    this.#ending = null;
    ending?.abort();
    this.state = 'none';
    this.status = null;
    this.answer = NO_ANSWER;
    this.fault = null;
    this.firstTokenS = null;
    this.totalS = null;
  }

  #take(answer: Answer, atS: number): void {
    const hasBegun = answer.text !== '' || answer.reasoning !== '';
    if (hasBegun && this.firstTokenS === null) {
      this.firstTokenS = atS;
      this.state = 'writing';
    }
    this.answer = answer;
    this.totalS = atS;
  }
}
