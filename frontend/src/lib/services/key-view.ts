/** Keys as they are shown, and what a person asks of one as the API is told it. */
import type { components } from '$lib/api/manager';
import type { Key } from '$lib/api/types';

export type NewKey = components['schemas']['NewKey'];
export type KeyChange = components['schemas']['KeyChange'];

export type Expiry = 'never' | '7' | '30' | '90' | 'date';
export const EXPIRIES: readonly Expiry[] = ['never', '7', '30', '90', 'date'];

/** What the form holds: as it was typed. */
export interface KeyDraft {
  name: string;
  scope: 'inference' | 'admin';
  /** None: all of them. */
  models: string[];
  expiry: Expiry;
  /** Such as `2026-12-24`. */
  date: string;
  requestsPerMinute: string;
  tokensPerDay: string;
  captureDays: string;
}

export const EMPTY_DRAFT: KeyDraft = {
  name: '',
  scope: 'inference',
  models: [],
  expiry: 'never',
  date: '',
  requestsPerMinute: '',
  tokensPerDay: '',
  captureDays: ''
};

export type KeyField = 'name' | 'date' | 'requestsPerMinute' | 'tokensPerDay' | 'captureDays';
export type FieldFault = 'missing' | 'long' | 'spaces' | 'number' | 'days' | 'past';

const MAX_NAME_CHARS = 64;
const MAX_COUNT = 2 ** 31 - 1;
const MAX_DAYS = 3650;

export function draftOf(key: Key): KeyDraft {
  const typed = (value: number | null) => (value === null ? '' : String(value));
  return {
    ...EMPTY_DRAFT,
    name: key.name,
    scope: key.scopes.includes('admin') ? 'admin' : 'inference',
    models: [...(key.models ?? [])],
    requestsPerMinute: typed(key.requests_per_minute),
    tokensPerDay: typed(key.tokens_per_day),
    captureDays: typed(key.capture_days)
  };
}

/** What is wrong with it, by field; nothing where it can be sent. */
export function faultsOf(draft: KeyDraft, now: Date = new Date()): Partial<Record<KeyField, FieldFault>> {
  const faults: Partial<Record<KeyField, FieldFault>> = {};
  if (draft.name === '') faults.name = 'missing';
  else if ([...draft.name].length > MAX_NAME_CHARS) faults.name = 'long';
  else if (draft.name !== draft.name.trim()) faults.name = 'spaces';
  if (draft.expiry === 'date') {
    if (draft.date === '') faults.date = 'missing';
    else if (endOf(draft.date) <= now) faults.date = 'past';
  }
  for (const field of ['requestsPerMinute', 'tokensPerDay'] as const) {
    if (!isCount(draft[field], MAX_COUNT)) faults[field] = 'number';
  }
  if (!isCount(draft.captureDays, MAX_DAYS)) faults.captureDays = 'days';
  return faults;
}

/** Whether nothing or a whole number from 1 was typed. */
function isCount(typed: string, most: number): boolean {
  const plain = typed.trim();
  return plain === '' || (/^\d+$/.test(plain) && Number(plain) >= 1 && Number(plain) <= most);
}

const countOf = (typed: string): number | null => (typed.trim() === '' ? null : Number(typed.trim()));

/** The last second of a day, where the person is. */
const endOf = (day: string): Date => new Date(`${day}T23:59:59`);

function limitsOf(draft: KeyDraft): Required<KeyChange> {
  return {
    models: draft.models.length === 0 ? null : draft.models,
    requests_per_minute: countOf(draft.requestsPerMinute),
    tokens_per_day: countOf(draft.tokensPerDay),
    capture_days: countOf(draft.captureDays)
  };
}

export function newKey(draft: KeyDraft): NewKey {
  const days = Number(draft.expiry);
  return {
    name: draft.name,
    scopes: [draft.scope],
    ...limitsOf(draft),
    ...(draft.expiry === 'date' ? { expires_at: endOf(draft.date).toISOString() } : {}),
    ...(Number.isFinite(days) ? { expires_in_days: days } : {})
  };
}

/** What differs from the key as it is; null takes a limit away. */
export function keyChange(draft: KeyDraft, key: Key): KeyChange {
  const wanted = limitsOf(draft);
  const change: KeyChange = {};
  if (!sameModels(wanted.models, key.models)) change.models = wanted.models;
  for (const field of ['requests_per_minute', 'tokens_per_day', 'capture_days'] as const) {
    if (wanted[field] !== key[field]) change[field] = wanted[field];
  }
  return change;
}

function sameModels(one: readonly string[] | null, other: readonly string[] | null): boolean {
  const sorted = (names: readonly string[] | null) =>
    JSON.stringify(names === null ? null : [...names].sort());
  return sorted(one) === sorted(other);
}

export type Ending = 'never' | 'later' | 'soon' | 'over';
const SOON_MS = 7 * 86_400_000;

export function endingOf(expiresAt: string | null, now: Date): Ending {
  if (expiresAt === null) return 'never';
  const left = new Date(expiresAt).getTime() - now.getTime();
  if (left <= 0) return 'over';
  return left < SOON_MS ? 'soon' : 'later';
}

export const hasLimits = (key: Key): boolean =>
  key.requests_per_minute !== null || key.tokens_per_day !== null;
