import { describe, expect, it } from 'vitest';
import { ticks, timelineOf } from './timeline';

const ended = {
  waited_s: 1,
  queue_s: 1.5,
  time_to_first_token_s: 2,
  total_s: 4,
  is_running: false,
  phase: 'finished' as const
};

describe('timelineOf', () => {
  it('tells the four stages to scale', () => {
    expect(timelineOf(ended).map(({ kind, start, seconds, share }) => [kind, start, seconds, share])).toEqual(
      [
        ['waited', 0, 1, 0.25],
        ['queued', 1, 0.5, 0.125],
        ['reading', 1.5, 0.5, 0.125],
        ['writing', 2, 2, 0.5]
      ]
    );
  });

  it('leaves out what took no time', () => {
    const kinds = timelineOf({ ...ended, waited_s: 0, queue_s: 0 }).map((stage) => stage.kind);
    expect(kinds).toEqual(['reading', 'writing']);
  });

  it('is one wait where the model never came', () => {
    const failed = {
      ...ended,
      waited_s: 4,
      queue_s: null,
      time_to_first_token_s: null,
      phase: 'failed' as const
    };
    expect(timelineOf(failed)).toEqual([
      { kind: 'waited', start: 0, seconds: 4, share: 1, isRunning: false }
    ]);
  });

  it('lets the stage that it is in grow', () => {
    const running = {
      ...ended,
      time_to_first_token_s: null,
      is_running: true,
      phase: 'reading' as const,
      total_s: 3
    };
    const stages = timelineOf(running);
    expect(stages.at(-1)).toEqual({ kind: 'reading', start: 1.5, seconds: 1.5, share: 0.5, isRunning: true });
  });

  it('is queued while its engine has not begun', () => {
    const queued = {
      ...ended,
      queue_s: null,
      time_to_first_token_s: null,
      is_running: true,
      phase: 'queued' as const
    };
    expect(timelineOf(queued).map((stage) => stage.kind)).toEqual(['waited', 'queued']);
  });

  it('never goes backwards or beyond the end', () => {
    const odd = { ...ended, waited_s: 2, queue_s: 1, time_to_first_token_s: 9 };
    const stages = timelineOf(odd);
    expect(stages.reduce((sum, stage) => sum + stage.share, 0)).toBeCloseTo(1);
    expect(stages.every((stage) => stage.seconds >= 0)).toBe(true);
  });

  it('is nothing at no time', () => {
    expect(timelineOf({ ...ended, waited_s: 0, queue_s: null, total_s: 0 })).toEqual([]);
  });
});

describe('ticks', () => {
  it('are round and few', () => {
    expect(ticks(4.4)).toEqual([0, 1, 2, 3, 4]);
    expect(ticks(0.77)).toEqual([0, 0.2, 0.4, 0.6]);
    expect(ticks(95)).toEqual([0, 20, 40, 60, 80]);
    expect(ticks(0)).toEqual([0]);
  });
});
