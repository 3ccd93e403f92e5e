/** The server's requests as the inspector shows them. */
import type { RequestState } from '$lib/api/types';

export const PHASES = ['waiting', 'queued', 'reading', 'writing', 'finished', 'failed', 'cancelled'] as const;
export type PhaseFilter = '' | 'running' | (typeof PHASES)[number];

export interface RequestFilter {
  model: string;
  phase: PhaseFilter;
  text: string;
}

export const phaseOf = (value: string | null): PhaseFilter =>
  value === 'running' ? value : (PHASES.find((phase) => phase === value) ?? '');

/** Those that run first, then those that have ended; of each the newest first. */
export function ordered(requests: Iterable<RequestState>): RequestState[] {
  return [...requests].sort(
    (one, other) => Number(other.is_running) - Number(one.is_running) || other.arrived - one.arrived
  );
}

export function matching(requests: readonly RequestState[], filter: RequestFilter): RequestState[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return requests.filter((request) => {
    if (filter.model && modelOf(request) !== filter.model) return false;
    if (filter.phase === 'running' && !request.is_running) return false;
    if (filter.phase && filter.phase !== 'running' && request.phase !== filter.phase) return false;
    const all = [
      request.id,
      request.row_id,
      request.model,
      request.model_id ?? '',
      request.user_name ?? '',
      request.key_id ?? '',
      request.dialect,
      request.detail
    ]
      .join('\n')
      .toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** The model that answers; before that is known, the one that was asked for. */
export const modelOf = (request: Pick<RequestState, 'model' | 'model_id'>): string =>
  request.model_id ?? request.model;

/** Names of all models that were asked for, sorted. */
export const modelsOf = (requests: Iterable<RequestState>): string[] =>
  [...new Set([...requests].map(modelOf))].filter(Boolean).sort((one, other) => one.localeCompare(other));

/** Of the prompt, from 0 to 1, that did not have to be read again; null without a prompt. */
export const cachedShare = (request: Pick<RequestState, 'cached_tokens' | 'prompt_tokens'>): number | null =>
  request.prompt_tokens > 0 ? request.cached_tokens / request.prompt_tokens : null;

/** How far the prompt has been read, from 0 to 1; null unless it is being read. */
export const readShare = (
  request: Pick<RequestState, 'phase' | 'prompt_tokens' | 'read_tokens'>
): number | null =>
  request.phase === 'reading' && request.prompt_tokens > 0
    ? Math.min(request.read_tokens / request.prompt_tokens, 1)
    : null;

type Reading = Pick<
  RequestState,
  'phase' | 'read_tokens' | 'prompt_tokens' | 'cached_tokens' | 'prefill_s' | 'queue_s' | 'total_s'
>;

/** Below this it is chance. */
const LEAST_S = 0.005;

/** Tokens of the prompt read in a second, without what was kept of it; null before one can tell. */
export function readRate(request: Reading): number | null {
  const isReading = request.phase === 'reading' && request.prefill_s === null;
  const seconds = isReading ? request.total_s - (request.queue_s ?? request.total_s) : request.prefill_s;
  const read = (isReading ? request.read_tokens : request.prompt_tokens) - request.cached_tokens;
  return seconds !== null && seconds >= LEAST_S && read > 0 ? read / seconds : null;
}

/** Tokens that are read in a second by each model's requests together, of those that are reading now. */
export function readRates(requests: Iterable<RequestState>): Map<string, number> {
  const rates = new Map<string, number>();
  for (const request of requests) {
    if (request.phase !== 'reading') continue;
    const rate = readRate(request);
    if (rate !== null) rates.set(modelOf(request), (rates.get(modelOf(request)) ?? 0) + rate);
  }
  return rates;
}

/** A line to try the API with. */
export function curlLine(address: string, model: string, isOpen: boolean): string {
  const key = isOpen ? '' : " -H 'Authorization: Bearer YOUR_KEY'";
  const body = JSON.stringify({
    model,
    stream: true,
    messages: [{ role: 'user', content: 'Hello' }]
  }).replaceAll("'", "'\\''");
  return `curl -N ${address}/v1/chat/completions${key} -H 'Content-Type: application/json' -d '${body}'`;
}
