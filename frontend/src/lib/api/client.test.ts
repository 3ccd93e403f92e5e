import { afterEach, describe, expect, it, vi } from 'vitest';
import { ask, manager } from './client';
import { Fault } from './fault';

const asked: { method: string; path: string; body: string }[] = [];

function serve(answer: (path: string, count: number) => Response) {
  asked.length = 0;
  const counts = new Map<string, number>();
  vi.stubGlobal('fetch', async (input: Request | string, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(new URL(input, location.href), init);
    const path = new URL(request.url).pathname;
    asked.push({ method: request.method, path, body: await request.text() });
    const count = (counts.get(path) ?? 0) + 1;
    counts.set(path, count);
    return answer(path, count);
  });
}

afterEach(() => vi.unstubAllGlobals());

describe('a request', () => {
  it('is made again, with its body, when the access token has run out', async () => {
    serve((path, count) => {
      if (path === '/api/v1/auth/refresh') return Response.json({ expires_in: 600 });
      return count === 1
        ? Response.json({ error: { message: 'old', code: 'invalid_api_key' } }, { status: 401 })
        : Response.json({ id: 'chat_1' }, { status: 201 });
    });
    const chat = await ask(manager.POST('/api/v1/chats', { body: { model: 'demo' } }));
    expect(chat.id).toBe('chat_1');
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/chats',
      'POST /api/v1/auth/refresh',
      'POST /api/v1/chats'
    ]);
    expect(asked[2]?.body).toBe(asked[0]?.body);
  });

  it('that is refused says why, and under which id it is found', async () => {
    serve(() =>
      Response.json(
        { error: { message: 'that is too long', code: 'invalid_request', param: 'title', type: 'x' } },
        { status: 400, headers: { 'X-Request-ID': 'req-9' } }
      )
    );
    const fault = await ask(manager.POST('/api/v1/chats', { body: { model: 'demo' } })).catch(
      (thrown) => thrown
    );
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({
      message: 'that is too long',
      status: 400,
      code: 'invalid_request',
      param: 'title',
      requestId: 'req-9'
    });
  });

  it('to a manager that is away is a fault of its own', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('Failed to fetch');
    });
    const fault = await ask(manager.GET('/api/v1/keys')).catch((thrown) => thrown);
    expect(fault).toMatchObject({ status: 0, code: 'unreachable' });
  });

  it('of a wrong password is not made again', async () => {
    serve(() => Response.json({ error: { message: 'no', code: 'wrong_password' } }, { status: 401 }));
    const body = { name: 'a', password: 'b' };
    await ask(manager.POST('/api/v1/auth/sign-in', { body })).catch(() => undefined);
    expect(asked).toHaveLength(1);
  });
});
