/** A chat's shown path: what stands on it, and what becomes of it when something is said. */
import type { components } from '$lib/api/manager';
import type { ChatMessage } from '$lib/api/types';
import { readCalls } from './tool-calls';

export type SentMessage = components['schemas']['SentMessage'];

/** A message with what belongs to it: of an answer that calls tools, their results. */
export interface Turn {
  message: ChatMessage;
  results: readonly ChatMessage[];
}

/** The path in the parts in which it is shown: results stand with the calls that they answer. */
export function turnsOf(path: readonly ChatMessage[]): Turn[] {
  const turns: { message: ChatMessage; results: ChatMessage[] }[] = [];
  for (const message of path) {
    const last = turns.at(-1);
    if (message.role === 'tool' && last?.message.role === 'assistant') last.results.push(message);
    else turns.push({ message, results: [] });
  }
  return turns;
}

/** The path with what was just stored: after the message's parent, instead of what stood there. */
export function withSent(path: readonly ChatMessage[], sent: SentMessage): ChatMessage[] {
  const parent = path.findIndex((message) => message.id === sent.message.parent_id);
  const kept = path.slice(0, parent + 1);
  return [...kept, sent.message, ...(sent.answer === null ? [] : [sent.answer])];
}

export function withMessage(path: readonly ChatMessage[], message: ChatMessage): ChatMessage[] {
  return path.map((each) => (each.id === message.id ? message : each));
}

/**
 * The path as it was fetched, but for messages of which something newer is known: a request that was
 * answered before an answer ended may arrive after its end.
 */
export function newestOf(known: readonly ChatMessage[], fetched: readonly ChatMessage[]): ChatMessage[] {
  const byId = new Map(known.map((message) => [message.id, message]));
  return fetched.map((message) => {
    const before = byId.get(message.id);
    if (before === undefined || Date.parse(before.updated_at) <= Date.parse(message.updated_at)) {
      return message;
    }
    return { ...before, sibling_ids: message.sibling_ids, sibling_index: message.sibling_index };
  });
}

export function lastAnswer(path: readonly ChatMessage[]): ChatMessage | null {
  return path.findLast((message) => message.role === 'assistant') ?? null;
}

/** The answer that is being written, if one is shown. */
export function unfinished(path: readonly ChatMessage[]): ChatMessage | null {
  return path.findLast((message) => message.status === 'writing') ?? null;
}

/** The sibling so many places further; null where there is none. */
export function siblingOf(message: ChatMessage, step: number): string | null {
  return message.sibling_ids?.[(message.sibling_index ?? 0) + step] ?? null;
}

/** The last message of the path that has others beside it. */
export function lastBranching(path: readonly ChatMessage[]): ChatMessage | null {
  return path.findLast((message) => (message.sibling_ids?.length ?? 0) > 1) ?? null;
}

/** Whether more text can be asked for in the same message; see docs/chats.md. */
export function canContinue(message: ChatMessage): boolean {
  if (message.role !== 'assistant' || message.content === '' || message.tool_calls?.length) return false;
  const isCut = ['stopped', 'interrupted', 'failed'].includes(message.status);
  return isCut || (message.status === 'complete' && message.finish_reason === 'length');
}

/** The ids of calls of the path's last answer that have no result yet. */
export function openCalls(path: readonly ChatMessage[]): string[] {
  const turn = turnsOf(path).at(-1);
  if (turn?.message.role !== 'assistant' || turn.message.status !== 'complete') return [];
  const answered = new Set(turn.results.map((result) => result.tool_call_id));
  return readCalls(turn.message.tool_calls)
    .map((call) => call.id)
    .filter((id) => !answered.has(id));
}
