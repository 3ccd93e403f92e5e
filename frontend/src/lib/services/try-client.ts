/** The request that a client would make, and its answer as it comes. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { asFault, Fault, faultOf } from '$lib/api/fault';
import type { Dialect } from './clients';

export interface Answer {
  text: string;
  /** What a model that thinks first has thought. */
  reasoning: string;
  promptTokens: number | null;
  answerTokens: number | null;
  isComplete: boolean;
}

export const NO_ANSWER: Answer = {
  text: '',
  reasoning: '',
  promptTokens: null,
  answerTokens: null,
  isComplete: false
};

const MAX_TOKENS = 256;

export const PATHS: Record<Dialect, string> = {
  chat: '/v1/chat/completions',
  messages: '/v1/messages',
  responses: '/v1/responses'
};

export function bodyOf(dialect: Dialect, model: string, question: string): Record<string, unknown> {
  const asked = { model, stream: true };
  const messages = [{ role: 'user', content: question }];
  switch (dialect) {
    case 'chat':
      return {
        ...asked,
        messages,
        max_completion_tokens: MAX_TOKENS,
        stream_options: { include_usage: true }
      };
    case 'messages':
      return { ...asked, messages, max_tokens: MAX_TOKENS };
    case 'responses':
      return { ...asked, input: question, max_output_tokens: MAX_TOKENS, store: false };
  }
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const first = (value: unknown): Fields => fields(Array.isArray(value) ? value[0] : undefined);

/**
 * The answer with one more event of its stream in it.
 * Throws `Fault` where the event says that it has failed.
 */
export function withEvent(answer: Answer, dialect: Dialect, data: string): Answer {
  if (data === '[DONE]') return { ...answer, isComplete: true };
  const event = fields(JSON.parse(data));
  const failed = failureOf(event);
  if (failed !== null) throw failed;
  if (dialect === 'chat') return withChunk(answer, event);
  return dialect === 'messages' ? withMessageEvent(answer, event) : withResponseEvent(answer, event);
}

function failureOf(event: Fields): Fault | null {
  const isFailed = event.type === 'error' || event.type === 'response.failed';
  const error = fields(event.error ?? fields(event.response).error);
  if (!isFailed && text(error.message) === '') return null;
  const said = text(error.message) || text(event.message) || 'The answer failed';
  const code = text(error.code) || text(event.code) || text(error.type) || 'unknown';
  return new Fault(said, 200, code, null, text(event.request_id) || null);
}

function withChunk(answer: Answer, chunk: Fields): Answer {
  const delta = fields(first(chunk.choices).delta);
  const usage = fields(chunk.usage);
  return {
    ...answer,
    text: answer.text + text(delta.content),
    reasoning: answer.reasoning + (text(delta.reasoning_content) || text(delta.reasoning)),
    promptTokens: number(usage.prompt_tokens) ?? answer.promptTokens,
    answerTokens: number(usage.completion_tokens) ?? answer.answerTokens
  };
}

function withMessageEvent(answer: Answer, event: Fields): Answer {
  const delta = fields(event.delta);
  switch (event.type) {
    case 'content_block_delta':
      return {
        ...answer,
        text: answer.text + text(delta.text),
        reasoning: answer.reasoning + text(delta.thinking)
      };
    case 'message_delta': {
      const usage = fields(event.usage);
      const read = number(usage.input_tokens);
      return {
        ...answer,
        promptTokens: read === null ? null : read + (number(usage.cache_read_input_tokens) ?? 0),
        answerTokens: number(usage.output_tokens)
      };
    }
    case 'message_stop':
      return { ...answer, isComplete: true };
    default:
      return answer;
  }
}

function withResponseEvent(answer: Answer, event: Fields): Answer {
  switch (event.type) {
    case 'response.output_text.delta':
      return { ...answer, text: answer.text + text(event.delta) };
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      return { ...answer, reasoning: answer.reasoning + text(event.delta) };
    case 'response.completed':
    case 'response.incomplete': {
      const usage = fields(fields(event.response).usage);
      return {
        ...answer,
        isComplete: true,
        promptTokens: number(usage.input_tokens),
        answerTokens: number(usage.output_tokens)
      };
    }
    default:
      return answer;
  }
}

export interface Trial {
  dialect: Dialect;
  /** Under which path the manager lies: the page may ask its own origin only. */
  base: string;
  model: string;
  /** Null sends none. */
  key: string | null;
  question: string;
}

export interface TrialWatcher {
  onStatus: (status: number) => void;
  onAnswer: (answer: Answer) => void;
}

/** Send it without the page's own cookie, so that the key alone lets it in. Throws `Fault`. */
export async function tryClient(trial: Trial, watcher: TrialWatcher, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(trial.base + PATHS[trial.dialect], {
      method: 'POST',
      credentials: 'omit',
      cache: 'no-store',
      headers: {
        'Content-Type': 'application/json',
        ...(trial.key === null ? {} : { Authorization: `Bearer ${trial.key}` }),
        ...(trial.dialect === 'messages' ? { 'anthropic-version': '2023-06-01' } : {})
      },
      body: JSON.stringify(bodyOf(trial.dialect, trial.model, trial.question)),
      signal
    });
    watcher.onStatus(response.status);
    if (!response.ok) throw faultOf(response, await response.json().catch(() => undefined));
    return await readAnswer(response, trial.dialect, watcher.onAnswer);
  } catch (thrown) {
    throw asFault(thrown);
  }
}

async function readAnswer(
  response: Response,
  dialect: Dialect,
  onAnswer: (answer: Answer) => void
): Promise<Answer> {
  let answer = NO_ANSWER;
  if (response.body === null) return answer;
  const events = response.body
    .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  for (;;) {
    const { done, value } = await events.read();
    if (done) return answer;
    answer = withEvent(answer, dialect, value.data);
    onAnswer(answer);
  }
}
