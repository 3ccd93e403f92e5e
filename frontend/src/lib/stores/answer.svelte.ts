/** An answer that is being written, as it comes. */
import { base } from '$app/paths';
import { listen } from '$lib/api/event-stream';
import type { Fault } from '$lib/api/fault';
import type { ChatMessage } from '$lib/api/types';
import { nothingYet, readEvent, take, type AnswerEvent, type AnswerState } from '$lib/services/answer-state';

/** How often a page that nobody looks at takes in what came: it draws no frames. */
const HIDDEN_MS = 250;

interface Ending {
  onEnd: (message: ChatMessage) => void;
  /** It is not there any more, or may not be listened to. */
  onGone: (fault: Fault | null) => void;
}

export class Answer {
  state = $state.raw<AnswerState>(nothingYet);
  isConnected = $state(false);
  readonly messageId: string;
  #came: AnswerEvent[] = [];
  #isAwaited = false;
  #leave: () => void;
  #ending: Ending;

  constructor(message: ChatMessage, ending: Ending) {
    this.messageId = message.id;
    this.#ending = ending;
    this.#leave = listen(`${base}/api/v1/chats/${message.chat_id}/messages/${message.id}/events`, {
      onEvent: (event) => {
        const read = readEvent(event.event, event.data);
        if (read === null) return false;
        this.#came.push(read);
        this.#await();
        return read.kind === 'end' || read.kind === 'deleted';
      },
      onState: (state, fault) => {
        this.isConnected = state === 'open';
        if (state === 'refused') ending.onGone(fault);
      }
    });
  }

  /** Listen no more. The answer is written on. */
  close(): void {
    this.#leave();
    this.#came = [];
  }

  /** What comes within one frame is shown at once. */
  #await(): void {
    if (this.#isAwaited) return;
    this.#isAwaited = true;
    const takeIn = () => {
      this.#isAwaited = false;
      this.#takeIn();
    };
    if (document.visibilityState === 'hidden') setTimeout(takeIn, HIDDEN_MS);
    else requestAnimationFrame(takeIn);
  }

  #takeIn(): void {
    if (this.#came.length === 0) return;
    this.state = take(this.state, this.#came, performance.now());
    this.#came = [];
    if (this.state.ended !== null) this.#ending.onEnd(this.state.ended);
    else if (this.state.isDeleted) this.#ending.onGone(null);
  }
}
