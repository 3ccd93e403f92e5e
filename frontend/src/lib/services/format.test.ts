import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as format from './format';

beforeEach(() => {
  vi.spyOn(navigator, 'language', 'get').mockReturnValue('en-GB');
});

describe('sizes', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [4_520_942, '4.5 MB'],
    [51_539_607_552, '52 GB'],
    [2.5e15, '2,500 TB']
  ])('says %d bytes as %s', (value, text) => {
    expect(format.bytes(value)).toBe(text);
  });

  it('says a speed', () => {
    expect(format.bytesPerSecond(12_300_000)).toBe('12 MB/s');
  });
});

describe('durations', () => {
  it.each([
    [0.0042, '4 ms'],
    [0.42, '420 ms'],
    [1.24, '1.2 s'],
    [12.6, '13 s'],
    [95, '1 min 35 s'],
    [3600, '1 h'],
    [7300, '2 h 1 min'],
    [90_000, '1 d 1 h']
  ])('says %d seconds as %s', (seconds, text) => {
    expect(format.duration(seconds)).toBe(text);
  });
});

describe('times', () => {
  const now = new Date('2026-05-01T12:00:00Z');
  it.each([
    ['2026-05-01T11:59:58Z', 'just now'],
    ['2026-05-01T11:57:00Z', '3 minutes ago'],
    ['2026-04-30T12:00:00Z', 'yesterday'],
    ['2026-05-03T12:00:00Z', 'in 2 days']
  ])('says %s as %s', (at, text) => {
    expect(format.relativeTime(at, now)).toBe(text);
  });
});

it.each([
  [2_226_240, '2.2M'],
  [7e9, '7B'],
  [512, '512']
])('says %d parameters as %s', (value, text) => {
  expect(format.parameters(value)).toBe(text);
});

it('follows the language of the browser', () => {
  vi.spyOn(navigator, 'language', 'get').mockReturnValue('de-DE');
  expect(format.count(1234567)).toBe('1.234.567');
});
