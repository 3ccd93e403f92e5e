/**
 * Server-sent events by `fetch`, which unlike `EventSource` tells the status of a refusal.
 * A lost connection comes back by itself, from where it was.
 */
import { EventSourceParserStream, type EventSourceMessage } from 'eventsource-parser/stream';
import { asFault, Fault, faultOf } from './fault';
import { refreshSession } from './refresh';

export type StreamState = 'connecting' | 'open' | 'lost' | 'refused' | 'ended';

export interface EventStreamOptions {
  /** Called for each event, in order. Returning `true` ends the stream for good. */
  onEvent: (event: EventSourceMessage) => boolean | void;
  onState?: (state: StreamState, fault: Fault | null) => void;
  /** Where to go on after; later ids are taken from the events. */
  lastEventId?: string;
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 10_000;
/** The programs say something every 15 s at least. */
const SILENCE_MS = 45_000;

/** Listen until the returned function is called, the listener has enough, or the answer is a refusal. */
export function listen(url: string, options: EventStreamOptions): () => void {
  const ending = new AbortController();
  void run(url, options, ending.signal);
  return () => ending.abort();
}

async function run(url: string, options: EventStreamOptions, ended: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  let lastEventId = options.lastEventId ?? '';
  const tell = (state: StreamState, fault: Fault | null = null) => {
    if (!ended.aborted) options.onState?.(state, fault);
  };
  while (!ended.aborted) {
    tell('connecting');
    try {
      const isOver = await readOnce(url, lastEventId, ended, {
        onOpen: () => {
          pause = FIRST_PAUSE_MS;
          tell('open');
        },
        onEvent: (event) => {
          if (event.id !== undefined) lastEventId = event.id;
          return options.onEvent(event);
        }
      });
      if (isOver) {
        tell('ended');
        return;
      }
      tell('lost');
    } catch (thrown) {
      if (ended.aborted) return;
      const fault = asFault(thrown);
      if (fault.status >= 400 && fault.status < 500 && fault.status !== 408 && fault.status !== 429) {
        tell('refused', fault);
        return;
      }
      tell('lost', fault);
    }
    await wait(pause * (0.75 + Math.random() / 2), ended);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

interface Reading {
  onOpen: () => void;
  onEvent: (event: EventSourceMessage) => boolean | void;
}

/** Read one connection to its end; true where the listener has enough. */
async function readOnce(
  url: string,
  lastEventId: string,
  ended: AbortSignal,
  reading: Reading
): Promise<boolean> {
  const silent = new AbortController();
  const signal = AbortSignal.any([ended, silent.signal]);
  const response = await connect(url, lastEventId, signal);
  reading.onOpen();
  if (response.body === null) return false;
  let timer = setTimeout(() => silent.abort(), SILENCE_MS);
  const alive = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), SILENCE_MS);
      controller.enqueue(chunk);
    }
  });
  const events = response.body
    .pipeThrough(alive)
    .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await events.read();
      if (done) return false;
      if (reading.onEvent(value) === true) return true;
    }
  } finally {
    clearTimeout(timer);
    void events.cancel().catch(() => undefined);
  }
}

async function connect(url: string, lastEventId: string, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (lastEventId) headers['Last-Event-ID'] = lastEventId;
  let response = await fetch(url, { headers, signal, cache: 'no-store' });
  if (response.status === 401 && (await refreshSession())) {
    response = await fetch(url, { headers, signal, cache: 'no-store' });
  }
  if (!response.ok) throw faultOf(response, await response.json().catch(() => undefined));
  return response;
}

function wait(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const now = () => {
      clearTimeout(timer);
      resolve();
    };
    ended.addEventListener('abort', now, { once: true });
    // The machine has a network again: do not wait for the pause to end.
    globalThis.addEventListener?.('online', now, { once: true });
  });
}
