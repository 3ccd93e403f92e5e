/** A program's log as it is written. Open only while somebody looks: each stream takes one of six connections. */
import { base } from '$app/paths';
import { listen, type StreamState } from '$lib/api/event-stream';
import type { Fault } from '$lib/api/fault';
import type { LogEntry } from '$lib/api/types';
import { appended, entryOf, KEPT_ENTRIES, type LogLevel, type LogProgram } from '$lib/services/log-view';

/** So often at most the page is told of new entries. */
const TELL_MS = 120;

/** An entry with a number, which stays when earlier ones go. */
export type NumberedEntry = LogEntry & { number: number };

export class LogFollower {
  entries = $state.raw<readonly NumberedEntry[]>([]);
  state = $state<StreamState>('connecting');
  fault = $state.raw<Fault | null>(null);
  /** Whether what the log had was told. */
  isRead = $state(false);
  #coming: NumberedEntry[] = [];
  #isAnew = true;
  #number = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Follow a log; call the result to leave it. What was read stays. */
  follow(program: LogProgram, level: LogLevel): () => void {
    const query = new URLSearchParams({ program, level, lines: String(KEPT_ENTRIES) });
    const stop = listen(`${base}/api/v1/server/logs/events?${query}`, {
      onEvent: (event) => {
        if (event.event === 'entry') this.#take(event.data);
      },
      onState: (state, fault) => {
        this.state = state;
        this.fault = fault;
        if (state === 'open') this.#beginAnew();
      }
    });
    return () => {
      stop();
      this.#tell();
    };
  }

  forget(): void {
    this.entries = [];
    this.isRead = false;
  }

  /** Each connection tells the last entries anew. */
  #beginAnew(): void {
    this.#coming = [];
    this.#isAnew = true;
    // A log without any entry tells nothing: then this is all there is to wait for.
    this.#timer ??= setTimeout(() => this.#tell(), 3 * TELL_MS);
  }

  #take(data: string): void {
    const entry = entryOf(data);
    if (entry === null) return;
    this.#coming.push({ ...entry, number: ++this.#number });
    this.#timer ??= setTimeout(() => this.#tell(), TELL_MS);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.state === 'open') this.isRead = true;
    // After a reconnection, too: what is shown is still the best that is known.
    if (this.#coming.length === 0) return;
    this.entries = appended(this.#isAnew ? [] : this.entries, this.#coming);
    this.#coming = [];
    this.#isAnew = false;
  }
}
