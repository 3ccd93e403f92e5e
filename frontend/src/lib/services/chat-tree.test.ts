import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '$lib/api/types';
import * as tree from './chat-tree';

function message(id: string, changes: Partial<ChatMessage> = {}): ChatMessage {
  return {
    id,
    chat_id: 'chat_a',
    parent_id: null,
    role: 'user',
    status: 'complete',
    content: id,
    reasoning: '',
    tool_calls: null,
    tool_call_id: null,
    model: null,
    finish_reason: null,
    error: null,
    usage: null,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    attachments: [],
    sibling_ids: [id],
    sibling_index: 0,
    ...changes
  };
}
const answer = (id: string, parent_id: string, changes: Partial<ChatMessage> = {}) =>
  message(id, { parent_id, role: 'assistant', ...changes });
const call = (id: string) => ({ id, type: 'function', function: { name: 'add', arguments: '{}' } });

const asked = message('q');
const calling = answer('a', 'q', { tool_calls: [call('one'), call('two')], finish_reason: 'tool_calls' });
const result = message('r', { parent_id: 'a', role: 'tool', tool_call_id: 'one' });

describe('the shown path', () => {
  it('puts results with the calls that they answer', () => {
    const turns = tree.turnsOf([asked, calling, result, answer('b', 'r')]);
    expect(turns.map((turn) => [turn.message.id, turn.results.map(({ id }) => id)])).toEqual([
      ['q', []],
      ['a', ['r']],
      ['b', []]
    ]);
  });

  it('knows which calls wait for a result', () => {
    expect(tree.openCalls([asked, calling])).toEqual(['one', 'two']);
    expect(tree.openCalls([asked, calling, result])).toEqual(['two']);
    expect(tree.openCalls([asked, calling, result, answer('b', 'r')])).toEqual([]);
  });

  it('goes another way where something is said beside what was there', () => {
    const path = [asked, answer('a', 'q'), message('q2', { parent_id: 'a' }), answer('b', 'q2')];
    const edited = message('q3', { parent_id: 'a' });
    const ids = (sent: tree.SentMessage) => tree.withSent(path, sent).map(({ id }) => id);
    expect(ids({ message: edited, answer: answer('c', 'q3') })).toEqual(['q', 'a', 'q3', 'c']);
    expect(ids({ message: asked, answer: answer('d', 'q') })).toEqual(['q', 'd']);
    expect(ids({ message: message('q4', { parent_id: 'b' }), answer: null })).toEqual([
      'q',
      'a',
      'q2',
      'b',
      'q4'
    ]);
    expect(tree.withSent([], { message: asked, answer: null })).toEqual([asked]);
  });

  it('keeps an end that is newer than what was fetched', () => {
    const ended = answer('a', 'q', { content: 'whole', updated_at: '2026-01-01T00:00:05Z' });
    const stale = answer('a', 'q', { status: 'writing', content: '', sibling_ids: ['a', 'b'] });
    const [kept] = tree.newestOf([ended], [stale]);
    expect(kept?.content).toBe('whole');
    expect(kept?.sibling_ids).toEqual(['a', 'b']);
    const later = { ...stale, updated_at: '2026-01-01T00:00:09Z' };
    expect(tree.newestOf([ended], [later])).toEqual([later]);
  });

  it('finds siblings', () => {
    const second = answer('b', 'q', { sibling_ids: ['a', 'b', 'c'], sibling_index: 1 });
    expect([tree.siblingOf(second, -1), tree.siblingOf(second, 1), tree.siblingOf(second, 2)]).toEqual([
      'a',
      'c',
      null
    ]);
    expect(tree.lastBranching([asked, second, message('q2')])?.id).toBe('b');
  });

  it.each([
    [{ status: 'stopped' }, true],
    [{ status: 'failed' }, true],
    [{ finish_reason: 'length' }, true],
    [{ finish_reason: 'stop' }, false],
    [{ status: 'stopped', content: '' }, false],
    [{ status: 'stopped', tool_calls: [call('one')] }, false],
    [{ status: 'writing' }, false]
  ] as [Partial<ChatMessage>, boolean][])('continues only what was cut off: %o', (changes, isCut) => {
    expect(tree.canContinue(answer('a', 'q', changes))).toBe(isCut);
  });
});
