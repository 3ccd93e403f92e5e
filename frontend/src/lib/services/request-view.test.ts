import { describe, expect, it } from 'vitest';
import type { RequestState } from '$lib/api/types';
import {
  cachedShare,
  curlLine,
  matching,
  modelsOf,
  ordered,
  phaseOf,
  readRate,
  readRates,
  readShare
} from './request-view';

const request = (more: Partial<RequestState> = {}): RequestState => ({
  id: 'req_1',
  row_id: 'inf_1',
  model: 'demo',
  model_id: 'demo',
  dialect: 'openai_chat',
  is_stream: true,
  user_name: 'owner',
  key_id: null,
  phase: 'finished',
  is_running: false,
  status: 200,
  arrived: 10,
  arrived_at: '2026-11-28T22:12:24Z',
  prompt_tokens: 100,
  cached_tokens: 20,
  read_tokens: 100,
  completion_tokens: 50,
  waited_s: 0.1,
  queue_s: 0.2,
  prefill_s: 0.5,
  time_to_first_token_s: 0.7,
  tokens_per_second: 40,
  total_s: 2,
  detail: 'stop',
  ...more
});

describe('ordered', () => {
  it('has those that run first, then the newest', () => {
    const old = request({ row_id: 'old', arrived: 1 });
    const fresh = request({ row_id: 'fresh', arrived: 9 });
    const running = request({ row_id: 'running', arrived: 5, is_running: true });
    expect(ordered([old, fresh, running]).map((each) => each.row_id)).toEqual(['running', 'fresh', 'old']);
  });
});

describe('matching', () => {
  const all = [
    request(),
    request({ row_id: 'inf_2', model: 'alias', model_id: 'other', phase: 'writing', is_running: true }),
    request({ row_id: 'inf_3', phase: 'failed', detail: 'model_not_found', key_id: 'key_9' })
  ];
  const found = (filter: Partial<Parameters<typeof matching>[1]>) =>
    matching(all, { model: '', phase: '', text: '', ...filter }).map((each) => each.row_id);

  it('is all of them without a filter', () => expect(found({})).toHaveLength(3));
  it('asks for the model that answers', () => expect(found({ model: 'other' })).toEqual(['inf_2']));
  it('asks for a phase', () => expect(found({ phase: 'failed' })).toEqual(['inf_3']));
  it('asks for all that run', () => expect(found({ phase: 'running' })).toEqual(['inf_2']));
  it('asks for words', () => expect(found({ text: 'KEY_9 not_found' })).toEqual(['inf_3']));
});

describe('numbers', () => {
  it('tells what was kept of a prompt', () => {
    expect(cachedShare(request())).toBe(0.2);
    expect(cachedShare(request({ prompt_tokens: 0, cached_tokens: 0 }))).toBeNull();
  });

  it('tells how far a prompt is read', () => {
    expect(readShare(request({ phase: 'reading', read_tokens: 25 }))).toBe(0.25);
    expect(readShare(request())).toBeNull();
  });

  it('tells how fast a prompt was read, without what was kept', () => {
    expect(readRate(request())).toBe(160);
    expect(readRate(request({ prefill_s: null }))).toBeNull();
    expect(readRate(request({ prefill_s: 0 }))).toBeNull();
  });

  it('tells how fast one is being read', () => {
    const reading = request({
      phase: 'reading',
      is_running: true,
      prefill_s: null,
      read_tokens: 60,
      queue_s: 1,
      total_s: 2
    });
    expect(readRate(reading)).toBe(40);
    expect(readRates([reading, reading, request()])).toEqual(new Map([['demo', 80]]));
  });

  it('names each model once', () => {
    const others = [request({ model: 'b', model_id: null }), request({ model: '', model_id: null })];
    expect(modelsOf([...others, request(), request()])).toEqual(['b', 'demo']);
  });
});

describe('phaseOf', () => {
  it('is one of those there are', () => {
    expect(phaseOf('running')).toBe('running');
    expect(phaseOf('failed')).toBe('failed');
    expect(phaseOf('x')).toBe('');
  });
});

describe('curlLine', () => {
  it('can be pasted, whatever the model is called', () => {
    const line = curlLine('http://127.0.0.1:8080', "it's", false);
    expect(line).toContain("'Authorization: Bearer YOUR_KEY'");
    expect(line).toContain('"model":"it\'\\\'\'s"');
    expect(curlLine('http://a', 'demo', true)).not.toContain('Authorization');
  });
});
