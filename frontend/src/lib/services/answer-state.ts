/**
 * An answer as it is written: its pieces by their numbers, how far the server is, and its end. What comes
 * twice, as after a lost connection, counts once; what comes too early waits for what is between.
 */
import type { ChatMessage } from '$lib/api/types';
import { joinDeltas, type CallDelta, type ToolCall } from './tool-calls';

/** `piece`, as docs/chats.md has it. */
export interface Piece {
  number: number;
  kind: 'content' | 'reasoning' | 'tool_calls';
  /** What it adds; of tool calls a JSON list of deltas. */
  text: string;
}

/** `phase`: null is what the server has not told yet. */
export interface Progress {
  phase: 'queued' | 'reading' | 'thinking' | 'writing';
  /** Of the prompt, what has been read: from 0 to 1. */
  share: number | null;
  prompt_tokens: number | null;
  read_tokens: number | null;
  cached_tokens: number | null;
  completion_tokens: number | null;
  tokens_per_second: number | null;
  time_to_first_token_s: number | null;
}

export interface AnswerState {
  /** The number of the next piece. */
  next: number;
  content: string;
  reasoning: string;
  calls: readonly ToolCall[];
  /** Pieces that came before those between. */
  early: ReadonlyMap<number, Piece>;
  progress: Progress | null;
  /** When reasoning was first and last seen here, in milliseconds; null where it was not. */
  thoughtFrom: number | null;
  thoughtUntil: number | null;
  ended: ChatMessage | null;
  isDeleted: boolean;
}

/** What an event says of an answer. */
export type AnswerEvent =
  | { kind: 'piece'; piece: Piece }
  | { kind: 'phase'; progress: Progress }
  | { kind: 'end'; message: ChatMessage }
  | { kind: 'deleted' };

export const nothingYet: AnswerState = {
  next: 0,
  content: '',
  reasoning: '',
  calls: [],
  early: new Map(),
  progress: null,
  thoughtFrom: null,
  thoughtUntil: null,
  ended: null,
  isDeleted: false
};

/** An event of the stream; null for one that is not known. */
export function readEvent(name: string | undefined, data: string): AnswerEvent | null {
  switch (name) {
    case 'piece':
      return { kind: 'piece', piece: JSON.parse(data) as Piece };
    case 'phase':
      return { kind: 'phase', progress: JSON.parse(data) as Progress };
    case 'end':
      return { kind: 'end', message: JSON.parse(data) as ChatMessage };
    case 'deleted':
      return { kind: 'deleted' };
    default:
      return null;
  }
}

/** The answer after some more events, which came at `now`. */
export function take(state: AnswerState, events: readonly AnswerEvent[], now: number): AnswerState {
  return events.reduce((before, event) => takeOne(before, event, now), state);
}

function takeOne(state: AnswerState, event: AnswerEvent, now: number): AnswerState {
  if (state.ended !== null || state.isDeleted) return state;
  switch (event.kind) {
    case 'piece':
      return takePiece(state, event.piece, now);
    case 'phase':
      return { ...state, progress: event.progress };
    case 'end':
      return { ...state, ended: event.message, early: new Map() };
    case 'deleted':
      return { ...state, isDeleted: true };
  }
}

function takePiece(state: AnswerState, piece: Piece, now: number): AnswerState {
  if (piece.number < state.next) return state;
  if (piece.number > state.next) return { ...state, early: new Map(state.early).set(piece.number, piece) };
  const after = added({ ...state, next: state.next + 1 }, piece, now);
  const following = state.early.get(after.next);
  if (following === undefined) return after;
  const early = new Map(state.early);
  early.delete(after.next);
  return takePiece({ ...after, early }, following, now);
}

function added(state: AnswerState, piece: Piece, now: number): AnswerState {
  switch (piece.kind) {
    case 'content':
      return { ...state, content: state.content + piece.text };
    case 'reasoning':
      return {
        ...state,
        reasoning: state.reasoning + piece.text,
        thoughtFrom: state.thoughtFrom ?? now,
        thoughtUntil: now
      };
    case 'tool_calls':
      return { ...state, calls: joinDeltas(state.calls, JSON.parse(piece.text) as CallDelta[]) };
  }
}
