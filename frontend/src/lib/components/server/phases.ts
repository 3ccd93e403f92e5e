/** Which look a request's phase has. */
import type { RequestState } from '$lib/api/types';
import type { Tone } from '$lib/components/ui';

export const PHASE_TONES: Record<RequestState['phase'], Tone> = {
  waiting: 'warn',
  queued: 'warn',
  reading: 'busy',
  writing: 'busy',
  finished: 'ok',
  failed: 'fail',
  cancelled: 'neutral'
};
