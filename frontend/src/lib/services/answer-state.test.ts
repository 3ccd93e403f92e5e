import { describe, expect, it } from 'vitest';
import { nothingYet, readEvent, take, type AnswerEvent, type Piece } from './answer-state';

const piece = (number: number, kind: Piece['kind'], text: string): AnswerEvent => ({
  kind: 'piece',
  piece: { number, kind, text }
});
const deltas = (...list: object[]) => JSON.stringify(list);

describe('an answer that is written', () => {
  it('joins pieces by their numbers, whatever their order', () => {
    const events = [piece(1, 'content', 'b'), piece(2, 'content', 'c'), piece(0, 'content', 'a')];
    const state = take(nothingYet, events, 0);
    expect(state.content).toBe('abc');
    expect(state.next).toBe(3);
    expect(state.early.size).toBe(0);
  });

  it('takes a piece once, also when the stream begins again', () => {
    const events = [piece(0, 'content', 'a'), piece(1, 'content', 'b')];
    const again = take(take(nothingYet, events, 0), [...events, piece(2, 'content', 'c')], 0);
    expect(again.content).toBe('abc');
  });

  it('joins deltas of calls by their index', () => {
    const events = [
      piece(
        0,
        'tool_calls',
        deltas({ index: 0, id: 'call_a', function: { name: 'weather', arguments: '{"ci' } })
      ),
      piece(
        1,
        'tool_calls',
        deltas(
          { index: 1, id: 'call_b', function: { name: 'add', arguments: '' } },
          { index: 0, function: { arguments: 'ty":"Paris"}' } }
        )
      ),
      piece(2, 'tool_calls', deltas({ index: 1, function: { arguments: '{}' } }))
    ];
    expect(take(nothingYet, events, 0).calls).toEqual([
      { index: 0, id: 'call_a', name: 'weather', input: '{"city":"Paris"}' },
      { index: 1, id: 'call_b', name: 'add', input: '{}' }
    ]);
  });

  it('knows how long it was thought', () => {
    let state = take(nothingYet, [piece(0, 'reasoning', 'Hm')], 1000);
    state = take(state, [piece(1, 'reasoning', '.')], 3500);
    state = take(state, [piece(2, 'content', 'Yes')], 9000);
    expect([state.thoughtFrom, state.thoughtUntil]).toEqual([1000, 3500]);
  });

  it('takes nothing after its end', () => {
    const end = readEvent('end', JSON.stringify({ id: 'msg_a', content: 'whole' }));
    const state = take(
      nothingYet,
      [piece(0, 'content', 'a'), ...(end ? [end] : []), piece(1, 'content', 'b')],
      0
    );
    expect(state.ended?.content).toBe('whole');
    expect(state.content).toBe('a');
  });

  it('does not mind events that it does not know', () => {
    expect(readEvent('new', '{}')).toBeNull();
    expect(readEvent(undefined, '')).toBeNull();
  });
});
