/** What a setting is called, where it belongs, and how it is written into a control and read from it. */
import type { Setting } from '$lib/api/types';

export const TOPICS = [
  'models',
  'memory',
  'prompts',
  'requests',
  'downloads',
  'address',
  'access',
  'process',
  'records',
  'data',
  'other'
] as const;
export type Topic = (typeof TOPICS)[number];

/** By the words of a name; the first that fits counts. */
const RULES: readonly [RegExp, Topic][] = [
  [/PREFIX_CACHE/, 'prompts'],
  [/HUB_|DOWNLOAD|DISK_FLOOR/, 'downloads'],
  [/AUTH|TRUSTED|ALLOWED/, 'access'],
  [/ROOT_PATH|TLS|HOST|PORT/, 'address'],
  [/MEMORY|KV_/, 'memory'],
  [/HANG|GRACE|(START|RESTART)_SERVER|SPARE/, 'process'],
  [/REQUEST|PREFILL|MAX_TOKENS/, 'requests'],
  [/MODEL|ALIASES|PRELOAD|PINNED|UNLOAD|LOAD_WAIT|HF_CACHE/, 'models'],
  [/LOG|AUDIT|RESPONSES/, 'records'],
  [/HOME|DATABASE/, 'data']
];

const UNITS = { GB: 'GB', MB: 'MB', S: 's', DAYS: 'days', TOKENS: 'tokens' } as const;
const PROPER: Record<string, string> = {
  tls: 'TLS',
  kv: 'KV',
  hf: 'Hugging Face',
  url: 'URL',
  logfire: 'Logfire'
};

const wordsOf = (name: string): string[] => name.split('_').slice(2);

export const topicOf = (name: string): Topic =>
  RULES.find(([pattern]) => pattern.test(wordsOf(name).join('_')))?.[1] ?? 'other';

/** `MLX_SERVER_MAX_MEMORY_GB` → `Max memory`. */
export function titleOf(name: string): string {
  const words = wordsOf(name);
  if (unitOf(name) !== null && !name.endsWith('TOKENS')) words.pop();
  const text = words.map((word) => PROPER[word.toLowerCase()] ?? word.toLowerCase()).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Of a number, by the end of its name. */
export function unitOf(name: string): string | null {
  const last = wordsOf(name).at(-1) ?? '';
  return last in UNITS ? UNITS[last as keyof typeof UNITS] : null;
}

export type Shape = { isNullable: boolean } & (
  | { kind: 'toggle' | 'text' | 'lines' | 'json' }
  | { kind: 'choice'; choices: string[] }
  | { kind: 'number'; isInteger: boolean; min: number | null; max: number | null; isAbove: boolean }
);

const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'];

type Schema = Record<string, unknown>;
const isRecord = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const numberAt = (schema: Schema, key: string): number | null => {
  const value = schema[key];
  return typeof value === 'number' ? value : null;
};

/** How its values are edited, from their schema. */
export function shapeOf(setting: Pick<Setting, 'name' | 'value_schema'>): Shape {
  const schema: Schema = setting.value_schema;
  const options = Array.isArray(schema.anyOf) ? schema.anyOf.filter(isRecord) : [schema];
  const isNullable = options.some((option) => option.type === 'null');
  const real = options.filter((option) => option.type !== 'null');
  const only = real.length === 1 ? real[0] : undefined;
  if (only === undefined) return { kind: 'json', isNullable };
  if (Array.isArray(only.enum)) return { kind: 'choice', choices: only.enum.map(String), isNullable };
  // Its schema says text alone.
  if (setting.name.endsWith('_LOG_LEVEL')) return { kind: 'choice', choices: LEVELS, isNullable };
  switch (only.type) {
    case 'boolean':
      return isNullable
        ? { kind: 'choice', choices: ['true', 'false'], isNullable }
        : { kind: 'toggle', isNullable };
    case 'integer':
    case 'number':
      return {
        kind: 'number',
        isInteger: only.type === 'integer',
        min: numberAt(only, 'minimum') ?? numberAt(only, 'exclusiveMinimum'),
        max: numberAt(only, 'maximum'),
        isAbove: numberAt(only, 'exclusiveMinimum') !== null,
        isNullable
      };
    case 'string':
      return { kind: 'text', isNullable };
    case 'array':
      return { kind: isRecord(only.items) && only.items.type === 'string' ? 'lines' : 'json', isNullable };
    default:
      return { kind: 'json', isNullable };
  }
}

/** A value as a control has it; none is the empty text. */
export function entryOf(value: unknown, shape: Shape): string {
  if (value === null || value === undefined) return '';
  if (shape.kind === 'lines' && Array.isArray(value)) return value.join('\n');
  if (shape.kind === 'json') return JSON.stringify(value, null, 2);
  return String(value);
}

export type EntryFault = 'number' | 'integer' | 'below' | 'notAbove' | 'above' | 'json' | 'missing';
export type Read = { value: unknown } | { fault: EntryFault };

/** What a control holds, as the value that is sent. What only the program knows, it says itself. */
export function readEntry(entry: string, shape: Shape): Read {
  const text = entry.trim();
  if (text === '' && shape.isNullable) return { value: null };
  switch (shape.kind) {
    case 'toggle':
      return { value: text === 'true' };
    case 'choice':
      if (text === 'true' || text === 'false') return { value: text === 'true' };
      return { value: text };
    case 'number':
      return readNumber(text, shape);
    case 'text':
      return { value: text };
    case 'lines':
      return {
        value: text
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean)
      };
    case 'json':
      try {
        return { value: JSON.parse(text) as unknown };
      } catch {
        return { fault: text === '' ? 'missing' : 'json' };
      }
  }
}

function readNumber(text: string, shape: Extract<Shape, { kind: 'number' }>): Read {
  if (text === '') return { fault: 'missing' };
  // Some write 0,5.
  const value = Number(text.replace(',', '.'));
  if (!Number.isFinite(value)) return { fault: 'number' };
  if (shape.isInteger && !Number.isInteger(value)) return { fault: 'integer' };
  if (shape.min !== null && value < shape.min) return { fault: 'below' };
  if (shape.min !== null && shape.isAbove && value === shape.min) return { fault: 'notAbove' };
  if (shape.max !== null && value > shape.max) return { fault: 'above' };
  return { value };
}

/** A value in a line of text. */
export function valueText(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.join(', ');
  if (isRecord(value)) return Object.keys(value).length === 0 ? null : JSON.stringify(value);
  return String(value);
}

/** Whether something that is stored is not what counts, because another source comes before it. */
export const isOverruled = (setting: Setting): boolean =>
  setting.source === 'environment' || setting.source === 'flag' || setting.source === 'running';

export interface SettingFilter {
  text: string;
  program: string;
  topic: string;
  isChangedOnly: boolean;
}

export function fits(setting: Setting, filter: SettingFilter): boolean {
  if (filter.program && setting.program !== filter.program) return false;
  if (filter.topic && topicOf(setting.name) !== filter.topic) return false;
  if (filter.isChangedOnly && setting.source === 'default' && !setting.is_stored) return false;
  const text = `${setting.name} ${titleOf(setting.name)} ${setting.description}`.toLowerCase();
  return filter.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export interface SettingGroup {
  program: Setting['program'];
  topics: { topic: Topic; settings: Setting[] }[];
}

/** By program, the inference server's first, and by topic. */
export function grouped(settings: readonly Setting[]): SettingGroup[] {
  return (['server', 'manager'] as const)
    .map((program) => ({
      program,
      topics: TOPICS.map((topic) => ({
        topic,
        settings: settings.filter((each) => each.program === program && topicOf(each.name) === topic)
      })).filter(({ settings: some }) => some.length > 0)
    }))
    .filter(({ topics }) => topics.length > 0);
}

/** Text with `code` in it, in pieces. */
export const pieces = (text: string): { text: string; isCode: boolean }[] =>
  text
    .split('`')
    .map((piece, index) => ({ text: piece, isCode: index % 2 === 1 }))
    .filter((piece) => piece.text !== '');
