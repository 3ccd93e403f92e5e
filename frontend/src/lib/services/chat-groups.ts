/** Lists of chats as the pane beside a conversation shows them. */
import type { components } from '$lib/api/manager';

type Schemas = components['schemas'];
/** A chat of a list; what is found by a search has the place where it was. */
export type ListedChat = Schemas['ChatView'] & Partial<Pick<Schemas['ListedChat'], 'match'>>;
export type DayKind = 'today' | 'yesterday' | 'week' | 'older';

export interface DayGroup {
  kind: DayKind;
  chats: ListedChat[];
}

const DAY_MS = 86_400_000;
const ORDER: readonly DayKind[] = ['today', 'yesterday', 'week', 'older'];

/** Midnight of the reader's own day. */
function startOfDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

export function dayKind(at: string, now: Date): DayKind {
  // Rounded, since a day on which clocks change has 23 or 25 hours.
  const days = Math.round((startOfDay(now) - startOfDay(new Date(at))) / DAY_MS);
  if (days <= 0) return 'today';
  if (days === 1) return 'yesterday';
  return days <= 7 ? 'week' : 'older';
}

/** In the order of the list; groups without chats are left out. */
export function groupByDay(chats: readonly ListedChat[], now: Date): DayGroup[] {
  const groups = new Map<DayKind, ListedChat[]>();
  for (const chat of chats) {
    const kind = dayKind(chat.updated_at, now);
    groups.set(kind, [...(groups.get(kind) ?? []), chat]);
  }
  return ORDER.flatMap((kind) => {
    const found = groups.get(kind);
    return found ? [{ kind, chats: found }] : [];
  });
}

/** The order of the manager's own list: the chat in which something was last said first. */
export function newestFirst(one: ListedChat, other: ListedChat): number {
  return compareText(other.updated_at, one.updated_at) || compareText(other.id, one.id);
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export interface ChatPage {
  data: ListedChat[];
  next_cursor: string | null;
}

/** A page with one chat as it is now; one that lies beyond what is loaded comes with a later page. */
export function withChat(page: ChatPage, chat: ListedChat): ChatPage {
  const before = page.data.find((each) => each.id === chat.id);
  const rest = page.data.filter((each) => each.id !== chat.id);
  const last = rest.at(-1);
  const isBeyond = page.next_cursor !== null && (last === undefined || newestFirst(last, chat) < 0);
  if (isBeyond) return { ...page, data: rest };
  const match = chat.match ?? before?.match ?? null;
  return { ...page, data: [...rest, { ...chat, match }].sort(newestFirst) };
}

export function withoutChat(page: ChatPage, id: string): ChatPage {
  return page.data.some((each) => each.id === id)
    ? { ...page, data: page.data.filter((each) => each.id !== id) }
    : page;
}

/** A page and the one after it; a chat that has moved up meanwhile stands once. */
export function joined(page: ChatPage, next: ChatPage): ChatPage {
  const known = new Set(page.data.map((chat) => chat.id));
  return {
    data: [...page.data, ...next.data.filter((chat) => !known.has(chat.id))],
    next_cursor: next.next_cursor
  };
}

export interface TextPart {
  text: string;
  isFound: boolean;
}

/** A text in pieces: those that a search has found, and what stands between them. */
export function markFound(text: string, search: string): TextPart[] {
  const wanted = search.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  if (wanted === '') return text === '' ? [] : [{ text, isFound: false }];
  // A snippet is one line: any white space in it may have been another.
  const pattern = new RegExp(`(${wanted.replace(/\s+/g, '\\s+')})`, 'gi');
  return text
    .split(pattern)
    .map((part, index) => ({ text: part, isFound: index % 2 === 1 }))
    .filter((part) => part.text !== '');
}

/** A line as the manager takes it for a title or a name; null where nothing is left. */
export function asLine(typed: string, mostChars: number): string | null {
  const line = typed.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return [...line].slice(0, mostChars).join('').trim() || null;
}
