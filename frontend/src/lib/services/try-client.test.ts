import { afterEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '$lib/api/fault';
import type { Dialect } from './clients';
import { bodyOf, NO_ANSWER, tryClient, withEvent, type Answer } from './try-client';

const STREAMS: Record<Dialect, readonly unknown[]> = {
  chat: [
    { choices: [{ delta: { role: 'assistant', content: '' } }], usage: null },
    { choices: [{ delta: { reasoning_content: 'Hm.' } }], usage: null },
    { choices: [{ delta: { content: 'Hel' } }], usage: null },
    { choices: [{ delta: { content: 'lo' }, finish_reason: 'stop' }], usage: null },
    { choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } }
  ],
  messages: [
    { type: 'message_start', message: { usage: { input_tokens: 9, output_tokens: 0 } } },
    { type: 'ping' },
    { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'Hm.' } },
    { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hel' } },
    { type: 'content_block_delta', delta: { type: 'text_delta', text: 'lo' } },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { input_tokens: 1, cache_read_input_tokens: 8, output_tokens: 4 }
    },
    { type: 'message_stop' }
  ],
  responses: [
    { type: 'response.created', response: { error: null, usage: null } },
    { type: 'response.reasoning_text.delta', delta: 'Hm.' },
    { type: 'response.output_text.delta', delta: 'Hel' },
    { type: 'response.output_text.delta', delta: 'lo' },
    { type: 'response.completed', response: { error: null, usage: { input_tokens: 9, output_tokens: 4 } } }
  ]
};
const DIALECTS: readonly Dialect[] = ['chat', 'messages', 'responses'];

function linesOf(dialect: Dialect): string[] {
  const lines = STREAMS[dialect].map((event) => JSON.stringify(event));
  return dialect === 'chat' ? [...lines, '[DONE]'] : lines;
}

const WHOLE: Answer = {
  text: 'Hello',
  reasoning: 'Hm.',
  promptTokens: 9,
  answerTokens: 4,
  isComplete: true
};

describe('withEvent', () => {
  it.each(DIALECTS)('puts an answer of %s together', (dialect) => {
    expect(linesOf(dialect).reduce((answer, line) => withEvent(answer, dialect, line), NO_ANSWER)).toEqual(
      WHOLE
    );
  });

  it('knows that a stream which ends early is not whole', () => {
    const early = linesOf('messages').slice(0, -1);
    const answer = early.reduce((so_far, line) => withEvent(so_far, 'messages', line), NO_ANSWER);
    expect(answer.isComplete).toBe(false);
  });

  it.each([
    ['chat', { error: { message: 'it died', code: 'worker_died' } }],
    ['messages', { type: 'error', error: { type: 'api_error', message: 'it died', code: 'worker_died' } }],
    ['responses', { type: 'error', code: 'worker_died', message: 'it died' }],
    [
      'responses',
      { type: 'response.failed', response: { error: { code: 'worker_died', message: 'it died' } } }
    ]
  ] as const)('throws what a stream of %s failed of', (dialect, event) => {
    const reading = () => withEvent(NO_ANSWER, dialect, JSON.stringify(event));
    expect(reading).toThrow('it died');
    try {
      reading();
    } catch (thrown) {
      expect(thrown instanceof Fault && thrown.code).toBe('worker_died');
    }
  });
});

describe('tryClient', () => {
  afterEach(() => vi.unstubAllGlobals());

  const trial = { base: '/mlx', model: 'demo', key: 'sk-mlx-x', question: 'Hello?' };
  const watcher = { onStatus: vi.fn(), onAnswer: vi.fn() };

  it.each(DIALECTS)('sends %s with the key and without the cookie', async (dialect) => {
    const sse = linesOf(dialect)
      .map((line) => `data: ${line}\n\n`)
      .join('');
    const asked = vi.fn(async (_url: string, _init: RequestInit) => new Response(sse, { status: 200 }));
    vi.stubGlobal('fetch', asked);
    const answer = await tryClient({ ...trial, dialect }, watcher, new AbortController().signal);
    expect(answer).toEqual(WHOLE);
    const [url, init] = asked.mock.calls[0] ?? [];
    expect(url).toMatch(/^\/mlx\/v1\//);
    expect(init?.credentials).toBe('omit');
    expect(init?.headers).toMatchObject({ Authorization: 'Bearer sk-mlx-x' });
    expect(JSON.parse(String(init?.body))).toEqual(bodyOf(dialect, 'demo', 'Hello?'));
  });

  it('throws what the server says against it', async () => {
    const refusal = { error: { message: 'the key has expired', code: 'invalid_api_key' } };
    vi.stubGlobal('fetch', async () => Response.json(refusal, { status: 401 }));
    const sent = tryClient({ ...trial, dialect: 'chat' }, watcher, new AbortController().signal);
    await expect(sent).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect(watcher.onStatus).toHaveBeenCalledWith(401);
  });
});
