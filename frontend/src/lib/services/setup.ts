/** What is to be known of a set-up before it is used: where it will not work, and why. */
import { isLoopback } from './address';
import type { Client, Setup } from './clients';

/** Whose address the client is told. */
export type AddressKind = 'manager' | 'server';

export type Caution = 'context' | 'tools' | 'loopback' | 'container' | 'outside';

export function cautionsOf(client: Client, setup: Setup): Caution[] {
  const cautions: Caution[] = [];
  const isLocal = isLoopback(setup.address);
  if (client.leastContext !== null && setup.contextLength !== null) {
    if (setup.contextLength < client.leastContext) cautions.push('context');
  }
  if (client.group === 'agents' && !setup.hasTools) cautions.push('tools');
  if (client.callsFromOutside) cautions.push('outside');
  else if (isLocal) cautions.push(client.id === 'open-webui' ? 'container' : 'loopback');
  return cautions;
}
