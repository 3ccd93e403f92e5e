import { describe, expect, it } from 'vitest';
import { sparkline } from './sparkline';
import { pushed, sampled } from './sparkline-ring';

describe('pushed', () => {
  it('keeps the newest and leaves what it was given', () => {
    const before = [1, 2, 3];
    expect(pushed(before, 4, 3)).toEqual([2, 3, 4]);
    expect(before).toEqual([1, 2, 3]);
  });
});

describe('sampled', () => {
  it('takes one sample of each name', () => {
    const lines = sampled(
      new Map([['a', [1]]]),
      new Map([
        ['a', 2],
        ['b', 5]
      ])
    );
    expect(lines).toEqual(
      new Map([
        ['a', [1, 2]],
        ['b', [5]]
      ])
    );
  });

  it('lets what has gone sink, and forgets it when its line is flat', () => {
    let lines = sampled(new Map([['a', [7]]]), new Map(), 2);
    expect(lines.get('a')).toEqual([7, 0]);
    lines = sampled(lines, new Map(), 2);
    expect(lines.has('a')).toBe(false);
  });

  it('keeps a flat line of what is there', () => {
    expect(sampled(new Map(), new Map([['a', 0]])).get('a')).toEqual([0]);
  });
});

describe('sparkline', () => {
  it('is nothing without values', () => {
    expect(sparkline([], 100, 20)).toEqual({ line: '', area: '', peak: 0 });
  });

  it('has the newest at the right and the largest at the top', () => {
    const drawn = sparkline([0, 10], 100, 20, { capacity: 11 });
    expect(drawn.line).toBe('M90 19L100 1');
    expect(drawn.area).toBe('M90 19L100 1L100 20L90 20Z');
    expect(drawn.peak).toBe(10);
  });

  it('does not blow up what is small', () => {
    expect(sparkline([0.5], 100, 22, { capacity: 2, least: 1 }).line).toBe('M100 11');
  });

  it('shows no more than fits', () => {
    expect(sparkline([99, 1, 2], 10, 10, { capacity: 2 }).peak).toBe(2);
  });

  it('keeps what is below zero inside', () => {
    expect(sparkline([-5], 10, 10, { capacity: 2 }).line).toBe('M10 9');
  });
});
