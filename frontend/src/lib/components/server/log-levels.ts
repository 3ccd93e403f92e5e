/** Which look a log's level has. */
import type { Tone } from '$lib/components/ui';

const TONES: Record<string, Tone> = {
  DEBUG: 'neutral',
  INFO: 'ok',
  WARNING: 'warn',
  ERROR: 'fail',
  CRITICAL: 'fail'
};

export const levelTone = (level: string): Tone => TONES[level] ?? 'neutral';
