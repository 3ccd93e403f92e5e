import { beforeEach, expect, it, vi } from 'vitest';
import type { ChatMessage } from '$lib/api/types';
import { Conversation } from './chat.svelte';

const CHAT = {
  folder_id: null,
  title: '',
  model: 'demo',
  system_prompt: '',
  parameters: {},
  shown_message_id: null,
  is_pinned: false,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z'
};
let chatId = '';
let numChats = 0;

function message(id: string, changes: Partial<ChatMessage> = {}): ChatMessage {
  const at = '2026-01-01T00:00:00Z';
  return {
    ...{ id, chat_id: chatId, parent_id: null, role: 'user', status: 'complete', content: id, reasoning: '' },
    ...{ tool_calls: null, tool_call_id: null, model: null, finish_reason: null, error: null, usage: null },
    ...{ created_at: at, updated_at: at, attachments: [], sibling_ids: [id], sibling_index: 0 },
    ...changes
  } as ChatMessage;
}
const question = () => message('q');
const answer = (changes: Partial<ChatMessage> = {}) =>
  message('a', { parent_id: 'q', role: 'assistant', content: '', status: 'writing', ...changes });

/** What the manager answers, by method and path; what waits is let go by the test. */
type Route = (body: unknown) => unknown | Promise<unknown>;
let routes: Record<string, Route> = {};
let asked: string[] = [];

beforeEach(() => {
  chatId = `chat_${++numChats}`;
  asked = [];
  routes = {};
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 0));
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request =
      input instanceof Request ? input : new Request(new URL(String(input), location.href), init);
    const name = `${request.method} ${new URL(request.url).pathname.replace('/api/v1/chats', '')}`;
    asked.push(name);
    const route = routes[name];
    if (route === undefined)
      return Response.json({ error: { code: 'not_found', message: 'no' } }, { status: 404 });
    const text = await request.text();
    const made = await route(text ? JSON.parse(text) : null);
    return made instanceof Response ? made : Response.json(made);
  });
});

const streamOf = (...events: [string, unknown][]) =>
  new Response(events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join(''));

function serve(
  ended = answer({ status: 'complete', content: 'Hi', updated_at: '2026-01-01T00:00:09Z' })
): void {
  routes['POST '] = () => ({ ...CHAT, id: chatId });
  routes[`POST /${chatId}/messages`] = () => ({ message: question(), answer: answer() });
  routes[`GET /${chatId}`] = () => ({ ...CHAT, id: chatId, messages: [question(), answer()] });
  routes[`GET /${chatId}/messages/a/events`] = () =>
    streamOf(['piece', { number: 0, kind: 'content', text: 'H' }], ['end', ended]);
}

it('begins a chat with the first message, and shows its answer to the end', async () => {
  serve();
  const conversation = new Conversation();
  conversation.draft.model = 'demo';
  const begun: string[] = [];
  expect(await conversation.send('Hello', [], (id) => begun.push(id))).toBe(true);
  expect(begun).toEqual([chatId]);
  conversation.open(chatId);
  expect(conversation.path.map(({ id }) => id)).toEqual(['q', 'a']);
  await vi.waitFor(() => expect(conversation.path.at(-1)?.content).toBe('Hi'));
  expect(conversation.unfinished).toBeNull();
  expect(asked).toEqual(['POST ', `POST /${chatId}/messages`, `GET /${chatId}/messages/a/events`]);
});

it('is not set back by what was fetched before the answer ended', async () => {
  serve();
  const conversation = new Conversation();
  await conversation.send('Hello', [], () => undefined);
  await vi.waitFor(() => expect(conversation.path.at(-1)?.content).toBe('Hi'));
  await conversation.refresh();
  expect(conversation.path.at(-1)?.content).toBe('Hi');
  expect(conversation.answer).toBeNull();
});

it('looks again where something was said while it looked', async () => {
  serve();
  const conversation = new Conversation();
  let letGo = (): void => undefined;
  const old = new Promise<void>((resolve) => (letGo = resolve));
  let numLooks = 0;
  routes[`GET /${chatId}`] = async () => {
    if (++numLooks > 1) return { ...CHAT, id: chatId, messages: [question(), answer()] };
    await old;
    return { ...CHAT, id: chatId, messages: [] };
  };
  routes[`POST /${chatId}/messages`] = async () => {
    void conversation.refresh();
    return { message: question(), answer: answer() };
  };
  await conversation.send('Hello', [], () => undefined);
  letGo();
  await vi.waitFor(() => expect(numLooks).toBe(2));
  expect(conversation.path).toHaveLength(2);
});

it('says why something was refused, and keeps what there was', async () => {
  serve();
  routes[`POST /${chatId}/messages`] = () =>
    Response.json({ error: { code: 'rate_limited', message: 'Eight answers are written' } }, { status: 429 });
  const conversation = new Conversation();
  expect(await conversation.send('Hello', [], () => undefined)).toBe(false);
  expect(conversation.fault?.message).toBe('Eight answers are written');
  expect(conversation.sending).toBeNull();
});

it('sends files before the message that names them', async () => {
  serve();
  routes[`POST /${chatId}/attachments`] = () => ({ id: 'att_1' });
  const bodies: unknown[] = [];
  routes[`POST /${chatId}/messages`] = (body) => {
    bodies.push(body);
    return { message: question(), answer: answer() };
  };
  const file = { key: 1, name: 'a.md', mediaType: 'text/markdown', text: 'x', sizeBytes: 1 };
  await new Conversation().send('', [file], () => undefined);
  expect(bodies).toEqual([{ role: 'user', content: '', attachment_ids: ['att_1'] }]);
});

it('looks again when another tab has changed the chat, and only then', async () => {
  serve();
  const conversation = new Conversation();
  conversation.open(chatId);
  await vi.waitFor(() => expect(conversation.path).toHaveLength(2));
  const numBefore = asked.filter((name) => name === `GET /${chatId}`).length;
  const change = { kind: 'message_changed' as const, message_id: 'a' };
  conversation.heed({ kind: 'chat', change: { ...change, chat_id: 'chat_other' } });
  conversation.heed({ kind: 'chat', change: { ...change, chat_id: chatId } });
  conversation.heed({ kind: 'chat', change: { ...change, chat_id: chatId } });
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(asked.filter((name) => name === `GET /${chatId}`).length).toBe(numBefore + 1);
});
