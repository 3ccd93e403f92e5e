import { describe, expect, it } from 'vitest';
import {
  asLine,
  dayKind,
  groupByDay,
  joined,
  markFound,
  newestFirst,
  withChat,
  withoutChat
} from './chat-groups';
import type { ListedChat } from './chat-groups';

const NOW = new Date(2026, 4, 20, 15, 0);

function chat(id: string, at: Date, more: Partial<ListedChat> = {}): ListedChat {
  return {
    id,
    folder_id: null,
    title: id,
    model: 'demo',
    system_prompt: '',
    parameters: {},
    shown_message_id: null,
    is_pinned: false,
    created_at: at.toISOString(),
    updated_at: at.toISOString(),
    match: null,
    ...more
  };
}
const at = (day: number, hour = 12) => new Date(2026, 4, day, hour);

describe('days', () => {
  it.each([
    [at(20, 0), 'today'],
    [at(21, 1), 'today'],
    [at(19, 23), 'yesterday'],
    [at(18), 'week'],
    [at(13), 'week'],
    [at(12), 'older']
  ])('%s is %s', (time, kind) => {
    expect(dayKind(time.toISOString(), NOW)).toBe(kind);
  });

  it('groups what there is and leaves out the rest', () => {
    const groups = groupByDay([chat('a', at(20)), chat('b', at(20, 1)), chat('c', at(1))], NOW);
    expect(groups.map((group) => [group.kind, group.chats.map((each) => each.id)])).toEqual([
      ['today', ['a', 'b']],
      ['older', ['c']]
    ]);
  });
});

describe('pages', () => {
  const page = { data: [chat('b', at(10)), chat('a', at(5))], next_cursor: 'more' };

  it('puts a chat where it belongs', () => {
    expect(withChat(page, chat('a', at(12))).data.map((each) => each.id)).toEqual(['a', 'b']);
    expect(withChat(page, chat('c', at(7))).data.map((each) => each.id)).toEqual(['b', 'c', 'a']);
  });

  it('leaves one that is older than what is loaded to its page', () => {
    expect(withChat(page, chat('c', at(1))).data.map((each) => each.id)).toEqual(['b', 'a']);
    expect(withChat({ ...page, next_cursor: null }, chat('c', at(1))).data).toHaveLength(3);
  });

  it('keeps what a search had found', () => {
    const match = { message_id: 'msg_1', snippet: 'here' };
    const found = { data: [chat('a', at(5), { match })], next_cursor: null };
    expect(withChat(found, chat('a', at(6))).data[0]?.match).toEqual(match);
  });

  it('takes one out, and is the same where it was not there', () => {
    expect(withoutChat(page, 'b').data.map((each) => each.id)).toEqual(['a']);
    expect(withoutChat(page, 'z')).toBe(page);
  });

  it('joins pages without showing a chat twice', () => {
    const next = { data: [chat('a', at(5)), chat('z', at(1))], next_cursor: null };
    const both = joined(page, next);
    expect(both.data.map((each) => each.id)).toEqual(['b', 'a', 'z']);
    expect(both.next_cursor).toBeNull();
  });

  it('orders those of one moment by their ids, as the manager does', () => {
    expect([chat('a', at(1)), chat('b', at(1))].sort(newestFirst).map((each) => each.id)).toEqual(['b', 'a']);
  });
});

describe('what a search found', () => {
  it('marks every place, in whatever case', () => {
    expect(markFound('Tea, tea and coffee', 'tea')).toEqual([
      { text: 'Tea', isFound: true },
      { text: ', ', isFound: false },
      { text: 'tea', isFound: true },
      { text: ' and coffee', isFound: false }
    ]);
  });

  it('takes signs as they are', () => {
    expect(markFound('a.b (c)', '(c)')).toEqual([
      { text: 'a.b ', isFound: false },
      { text: '(c)', isFound: true }
    ]);
    expect(markFound('abc', '.')).toEqual([{ text: 'abc', isFound: false }]);
  });

  it('finds over what was the end of a line', () => {
    expect(markFound('one two', 'one\ntwo')).toEqual([{ text: 'one two', isFound: true }]);
  });

  it('marks nothing where nothing is looked for', () => {
    expect(markFound('abc', ' ')).toEqual([{ text: 'abc', isFound: false }]);
    expect(markFound('', '')).toEqual([]);
  });
});

describe('a line', () => {
  it('is trimmed, cut and kept in one line', () => {
    expect(asLine('  a\n b\u0007 ', 10)).toBe('a b');
    expect(asLine('abcdef', 3)).toBe('abc');
    expect(asLine(' \t', 3)).toBeNull();
  });
});
