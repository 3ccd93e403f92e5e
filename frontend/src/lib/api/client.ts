/** The manager's and the inference server's APIs, typed by their OpenAPI documents. */
import { base } from '$app/paths';
import createClient, { type Middleware } from 'openapi-fetch';
import { asFault, faultOf } from './fault';
import type { paths as ManagerPaths } from './manager';
import { refreshSession } from './refresh';
import type { paths as ServerPaths } from './server';

/** Requests whose 401 means what it says. */
const COMING_IN = /\/api\/v1\/auth\/(sign-in|refresh|setup|register|password\/reset|status|sign-out)$/;

/** Let a request whose access token has run out be made again with another one. */
const staysSignedIn: Middleware = {
  async onRequest({ request, id }) {
    if (request.body !== null) bodies.set(id, request.clone());
  },
  async onResponse({ request, response, id }) {
    const again = bodies.get(id) ?? request;
    bodies.delete(id);
    if (response.status !== 401 || COMING_IN.test(new URL(request.url).pathname)) return undefined;
    return (await refreshSession()) ? fetch(again) : undefined;
  },
  onError({ id }) {
    bodies.delete(id);
  }
};
const bodies = new Map<string, Request>();

const options = {
  baseUrl: (globalThis.location?.origin ?? '') + base,
  // Looked up with each request.
  fetch: (request: Request) => globalThis.fetch(request)
};
export const manager = createClient<ManagerPaths>(options);
export const server = createClient<ServerPaths>(options);
manager.use(staysSignedIn);
server.use(staysSignedIn);

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of a success. Throws `Fault` for all else. */
export async function ask<Data>(answer: Promise<Answer<Data>>): Promise<Data> {
  let result: Answer<Data>;
  try {
    result = await answer;
  } catch (thrown) {
    throw asFault(thrown);
  }
  if (!result.response.ok) throw faultOf(result.response, result.error);
  return result.data as Data;
}
