/** Log entries as they are shown, filtered, copied and saved. */
import type { LogEntry } from '$lib/api/types';

/** So many are kept of what was followed. */
export const KEPT_ENTRIES = 2000;
/** So many are in the page at once. */
export const SHOWN_ENTRIES = 500;

export const PROGRAMS = ['server', 'manager'] as const;
export type LogProgram = (typeof PROGRAMS)[number];
export const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const;
export type LogLevel = (typeof LEVELS)[number];

export const programOf = (value: string | null): LogProgram =>
  PROGRAMS.find((program) => program === value) ?? 'server';

export const levelOf = (value: string | null): LogLevel => LEVELS.find((level) => level === value) ?? 'INFO';

/** An entry of the stream; null for what is none. */
export function entryOf(data: string): LogEntry | null {
  try {
    const parsed: unknown = JSON.parse(data);
    if (typeof parsed !== 'object' || parsed === null) return null;
    const entry = parsed as Partial<LogEntry>;
    const isWhole = typeof entry.time === 'string' && typeof entry.message === 'string';
    return isWhole ? ({ level: 'INFO', logger: '', ...entry } as LogEntry) : null;
  } catch {
    return null;
  }
}

/** With more at the end; the oldest go. */
export function appended<Entry>(
  entries: readonly Entry[],
  more: readonly Entry[],
  most = KEPT_ENTRIES
): Entry[] {
  return [...entries, ...more].slice(-most);
}

/** Those that have all the words somewhere: in the message, the logger, the exception or the request's id. */
export function filtered<Entry extends LogEntry>(entries: readonly Entry[], text: string): readonly Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  return entries.filter((entry) => {
    const all = [entry.message, entry.logger, entry.exception ?? '', entry.request_id ?? '', entry.level]
      .join('\n')
      .toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** The last ones, and how many earlier ones there are. */
export function lastOf<Entry>(
  entries: readonly Entry[],
  most: number
): { shown: Entry[]; numEarlier: number } {
  const shown = entries.slice(-most);
  return { shown, numEarlier: entries.length - shown.length };
}

// Also what turns the direction of writing round, which lets a line look like another one.

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text in which what cannot be seen can be: an escape for colours is no colour but `␛[31m`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (found) => {
    const code = found.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return '␡';
    return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
  });
}

/** `22:12:29.032`, in the reader's time zone. */
export function clockTime(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const two = (value: number) => String(value).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** Entries as lines of a file. */
export function textOf(entries: readonly LogEntry[]): string {
  return entries.map(lineOf).join('');
}

function lineOf(entry: LogEntry): string {
  const names = [entry.logger, entry.request_id, entry.pid == null ? null : `pid ${entry.pid}`];
  const about = names.filter(Boolean).join(' ');
  const rest = entry.exception ? `\n${entry.exception.trimEnd()}` : '';
  return `${entry.time} ${entry.level.padEnd(8)} ${entry.message}${about ? ` (${about})` : ''}${rest}\n`;
}
