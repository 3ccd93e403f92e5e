/** Numbers, sizes and times as a person would say them, in the reader's own language's way. */

const locale = (): string | undefined => globalThis.navigator?.language;

type Options = Intl.NumberFormatOptions;

const formats = new Map<string, Intl.NumberFormat>();

function number(value: number, options: Options): string {
  const key = `${locale()} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) formats.set(key, (format = new Intl.NumberFormat(locale(), options)));
  return format.format(value);
}

/** As many digits as are of use: 4.1, 38, 1,204. */
function rounded(value: number, options: Options = {}): string {
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0;
  return number(value, { maximumFractionDigits: digits, ...options });
}

/** `1234` → `1,234`. */
export const count = (value: number): string => number(value, { maximumFractionDigits: 0 });

/** `1234567` → `1.2M`. */
export const compact = (value: number): string =>
  number(value, { notation: 'compact', maximumFractionDigits: 1 });

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Decimal units, as disks and download pages use: `4_100_000_000` → `4.1 GB`. */
export function bytes(value: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(Math.abs(value), 1)) / 3), BYTE_UNITS.length - 1);
  const unit = BYTE_UNITS[power] ?? 'byte';
  return rounded(value / 1000 ** power, {
    style: 'unit',
    unit,
    unitDisplay: unit === 'byte' ? 'long' : 'short'
  });
}

export const exactBytes = (value: number): string => `${count(value)} bytes`;

export const bytesPerSecond = (value: number): string => `${bytes(value)}/s`;

export const tokensPerSecond = (value: number): string => `${rounded(value)} tok/s`;

export const tokens = (value: number): string => `${count(value)} ${value === 1 ? 'token' : 'tokens'}`;

export const percent = (share: number): string =>
  number(share, { style: 'percent', maximumFractionDigits: 0 });

/** Seconds: `0.42` → `420 ms`, `1.24` → `1.2 s`, `95` → `1 min 35 s`, `7300` → `2 h 1 min`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${number(seconds * 1000, { maximumFractionDigits: 0 })} ms`;
  if (seconds < 60) return `${rounded(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return joined(Math.floor(whole / 60), 'min', whole % 60, 's');
  if (whole < 86_400) return joined(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min');
  return joined(Math.floor(whole / 86_400), 'd', Math.floor((whole % 86_400) / 3600), 'h');
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60]
];

/** `3 minutes ago`, `in 2 days`, `just now`. */
export function relativeTime(at: string | Date, now: Date = new Date()): string {
  const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return Math.abs(seconds) < 10 ? 'just now' : format.format(Math.round(seconds), 'second');
}

/** A day and a time, as exact as a reader needs it. */
export const dateTime = (at: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at));

export const date = (at: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(new Date(at));

export const time = (at: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { timeStyle: 'medium' }).format(new Date(at));

/** Parameters of a model: `2226240` → `2.2M`, `7e9` → `7B`. */
export function parameters(value: number): string {
  for (const [size, letter] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'K']
  ] as const) {
    if (value >= size) return `${rounded(value / size)}${letter}`;
  }
  return count(value);
}
