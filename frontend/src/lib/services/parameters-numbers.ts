/** Parameters that are numbers, within the ranges that the server takes. */
import { historyStrings } from '$lib/strings';

export interface NumberRange {
  least: number;
  most: number;
  isWhole?: boolean;
  /** Whether the least itself is too little. */
  isAbove?: boolean;
  step: number;
}

export const NUMBER_NAMES = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'max_tokens',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'thinking_budget'
] as const;

export type NumberName = (typeof NUMBER_NAMES)[number];

const MOST_COUNT = 2 ** 31 - 1;

export const NUMBERS: Record<NumberName, NumberRange> = {
  temperature: { least: 0, most: 2, step: 0.1 },
  top_p: { least: 0, most: 1, isAbove: true, step: 0.05 },
  top_k: { least: 0, most: MOST_COUNT, isWhole: true, step: 1 },
  min_p: { least: 0, most: 1, step: 0.01 },
  max_tokens: { least: 1, most: MOST_COUNT, isWhole: true, step: 1 },
  // Whole numbers beyond these are rounded by JSON in a browser.
  seed: { least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER, isWhole: true, step: 1 },
  presence_penalty: { least: -2, most: 2, step: 0.1 },
  frequency_penalty: { least: -2, most: 2, step: 0.1 },
  repetition_penalty: { least: 0.01, most: 10, step: 0.05 },
  thinking_budget: { least: 0, most: MOST_COUNT, isWhole: true, step: 1 }
};

const NUMBER = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i;

/** A number that was typed, with a point or a comma; null where nothing was. Throws what is wrong with it. */
export function asNumber(typed: string, range: NumberRange): number | null {
  const text = typed.trim();
  if (text === '') return null;
  const words = historyStrings.wrong;
  const value = NUMBER.test(text) ? Number(text.replace(',', '.')) : NaN;
  if (!Number.isFinite(value)) throw new Error(words.number);
  if (range.isWhole && !Number.isInteger(value)) throw new Error(words.whole);
  const isLess = range.isAbove ? value <= range.least : value < range.least;
  if (isLess || value > range.most) throw new Error(words.range(range));
  return value;
}
