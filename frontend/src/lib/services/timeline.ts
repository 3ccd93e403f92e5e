/** What a request spent its time with, in seconds from its arrival. */
import type { RequestState } from '$lib/api/types';

export type StageKind = 'waited' | 'queued' | 'reading' | 'writing';

export interface Stage {
  kind: StageKind;
  /** Seconds from the arrival. */
  start: number;
  seconds: number;
  /** Of the whole, from 0 to 1. */
  share: number;
  /** Whether it goes on. */
  isRunning: boolean;
}

type Times = Pick<
  RequestState,
  'waited_s' | 'queue_s' | 'time_to_first_token_s' | 'total_s' | 'is_running' | 'phase'
>;

/**
 * Its stages in their order; those that it never came to are left out. Before its engine got it, it waited
 * (for its model, perhaps); then it was queued there; then its prompt was read; then its answer was written.
 */
export function timelineOf(request: Times): Stage[] {
  const total = Math.max(request.total_s, 0);
  const hasLeftWait = request.queue_s !== null || request.phase !== 'waiting';
  // Ends of the stages; null where one has not ended.
  const ends: [StageKind, number | null][] = [
    ['waited', hasLeftWait && request.waited_s < total ? request.waited_s : null],
    ['queued', request.queue_s],
    ['reading', request.time_to_first_token_s],
    ['writing', null]
  ];
  const stages: Stage[] = [];
  let start = 0;
  for (const [kind, reported] of ends) {
    const end = Math.min(Math.max(reported ?? total, start), total);
    const isLast = reported === null;
    stages.push({
      kind,
      start,
      seconds: end - start,
      share: total > 0 ? (end - start) / total : 0,
      isRunning: isLast && request.is_running
    });
    if (isLast) break;
    start = end;
  }
  return stages.filter((stage) => stage.seconds > 0 || stage.isRunning);
}

const STEPS = [1, 2, 5];

/** Round seconds at which to write the time below the line: a handful, the first 0. */
export function ticks(total: number, most = 5): number[] {
  if (!(total > 0)) return [0];
  const rough = total / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (STEPS.find((each) => each * power >= rough) ?? 10);
  const marks: number[] = [];
  for (let index = 0; index * step <= total * (1 + 1e-9); index++) {
    marks.push(Number((index * step).toPrecision(12)));
  }
  return marks;
}
