/** What a state of the server's process is to a person. */
import type { Server } from '$lib/api/types';
import type { Tone } from '$lib/components/ui';

const TONES: Record<Server['state'], Tone> = {
  running: 'ok',
  starting: 'busy',
  stopping: 'busy',
  waiting: 'warn',
  failed: 'fail',
  stopped: 'neutral'
};

/** Null is not known yet. */
export const serverTone = (state: Server['state'] | null | undefined): Tone =>
  state == null ? 'neutral' : TONES[state];
