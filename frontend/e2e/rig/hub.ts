/** The hub of the stack: what goes wrong with it, and what it was asked for. */
import type { Stack } from './stack';

/** See `tests/hub_stand_in/faults.py`. */
export interface HubFault {
  kind: 'status' | 'trickle' | 'stall' | 'cut';
  /** A pattern of paths. */
  where?: string;
  /** How often; null is for ever. */
  times?: number | null;
  num_bytes?: number;
  status?: number;
}

interface Asked {
  method: string;
  path: string;
  range: string | null;
  num_sent: number;
}

export async function failAt(stack: Stack, fault: HubFault): Promise<void> {
  await post(stack, '/_faults', { times: null, ...fault });
}

/** All is well again; what was slowed down goes on at full speed. */
export async function mend(stack: Stack): Promise<void> {
  await post(stack, '/_faults/clear', {});
}

/** Requests for files whose path ends so, with what of them has gone out. */
export async function askedFor(stack: Stack, ending: string): Promise<Asked[]> {
  const answer = await fetch(`${stack.hub}/_asked`);
  const all = (await answer.json()) as Asked[];
  return all.filter((asked) => asked.method === 'GET' && asked.path.endsWith(ending));
}

export async function bytesSent(stack: Stack, ending: string): Promise<number> {
  return (await askedFor(stack, ending)).reduce((sum, asked) => sum + asked.num_sent, 0);
}

async function post(stack: Stack, path: string, body: object): Promise<void> {
  const answer = await fetch(`${stack.hub}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`the hub answers ${answer.status} to ${path}`);
}
