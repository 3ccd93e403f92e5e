import { afterEach, describe, expect, it, vi } from 'vitest';
import { listen, type StreamState } from './event-stream';

type Answer = (request: { url: string; headers: Headers }) => Response;

/** Answers `fetch` with each of these in turn, then with silence. */
function serve(...answers: Answer[]) {
  const asked: { url: string; headers: Headers }[] = [];
  vi.stubGlobal(
    'fetch',
    vi.fn(async (url: string, init: RequestInit) => {
      const request = { url: String(url), headers: new Headers(init.headers) };
      asked.push(request);
      const answer = answers.shift();
      if (answer !== undefined) return answer(request);
      return new Response(
        new ReadableStream({
          start(controller) {
            init.signal?.addEventListener('abort', () =>
              controller.error(new DOMException('', 'AbortError'))
            );
          }
        })
      );
    })
  );
  return asked;
}

const events =
  (text: string): Answer =>
  () =>
    new Response(text, { headers: { 'Content-Type': 'text/event-stream' } });
const refusal =
  (status: number, code: string): Answer =>
  () =>
    Response.json(
      { error: { message: 'no', code, param: null } },
      { status, headers: { 'X-Request-ID': 'req-1' } }
    );

let stop = () => {};
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

describe('a stream of events', () => {
  it('goes on after a lost connection from the last event', async () => {
    const asked = serve(
      events('id: 7\nevent: piece\ndata: one\n\n'),
      events('id: 8\nevent: piece\ndata: two\n\n')
    );
    const seen: string[] = [];
    stop = listen('/events', { onEvent: (event) => void seen.push(event.data) });
    await vi.waitFor(() => expect(asked).toHaveLength(3), 10_000);
    expect(seen).toEqual(['one', 'two']);
    expect(asked.map((request) => request.headers.get('last-event-id'))).toEqual([null, '7', '8']);
  });

  it('ends when its listener has enough', async () => {
    const asked = serve(events('event: end\ndata: x\n\nevent: more\ndata: y\n\n'));
    const states: StreamState[] = [];
    const seen: string[] = [];
    stop = listen('/events', {
      onEvent: (event) => {
        seen.push(event.data);
        return event.event === 'end';
      },
      onState: (state) => states.push(state)
    });
    await vi.waitFor(() => expect(states.at(-1)).toBe('ended'));
    expect(seen).toEqual(['x']);
    expect(asked).toHaveLength(1);
  });

  it('does not ask again for what is refused', async () => {
    const asked = serve(refusal(404, 'not_found'));
    const states: [StreamState, string | undefined, string | null | undefined][] = [];
    stop = listen('/events', {
      onEvent: () => undefined,
      onState: (state, fault) => states.push([state, fault?.code, fault?.requestId])
    });
    await vi.waitFor(() => expect(states.at(-1)).toEqual(['refused', 'not_found', 'req-1']));
    expect(asked).toHaveLength(1);
  });

  it('asks again where the server is away or has too much to do', async () => {
    const asked = serve(refusal(503, 'server_unavailable'), refusal(429, 'overloaded'), () => {
      throw new TypeError('network');
    });
    const states: StreamState[] = [];
    stop = listen('/events', { onEvent: () => undefined, onState: (state) => states.push(state) });
    await vi.waitFor(() => expect(asked).toHaveLength(4), 10_000);
    expect(states.filter((state) => state === 'lost')).toHaveLength(3);
  });

  it('gets another access token when the old one has run out', async () => {
    const asked = serve(
      refusal(401, 'invalid_api_key'),
      () => Response.json({ expires_in: 600 }),
      events('event: end\ndata: x\n\n')
    );
    const seen: string[] = [];
    stop = listen('/events', { onEvent: (event) => seen.push(event.data) > 0 });
    await vi.waitFor(() => expect(seen).toEqual(['x']));
    expect(asked.map((request) => request.url)).toEqual(['/events', '/api/v1/auth/refresh', '/events']);
  });
});
