import { beforeEach, describe, expect, it } from 'vitest';
import { take, type LiveState } from './live-state';

let state: LiveState;

beforeEach(() => {
  state = {
    server: null,
    isInferenceConnected: false,
    memory: null,
    models: new Map(),
    requests: new Map(),
    downloads: new Map()
  };
});

const tell = (name: string, data: unknown) => take(state, name, JSON.stringify(data));

describe('what the stream says', () => {
  it('keeps the newest of each', () => {
    tell('model', { id: 'demo', status: 'loading', progress: 0.5 });
    tell('model', { id: 'demo', status: 'loaded', progress: null });
    tell('download', { id: 'd1', status: 'running' });
    tell('server', { state: 'running' });
    tell('memory', { budget: 10 });
    expect([...state.models.values()]).toEqual([{ id: 'demo', status: 'loaded', progress: null }]);
    expect(state.downloads.get('d1')?.status).toBe('running');
    expect(state.server?.state).toBe('running');
    expect(state.memory?.budget).toBe(10);
  });

  it('forgets a download that was removed', () => {
    tell('download', { id: 'd1' });
    tell('download_removed', { id: 'd1' });
    expect(state.downloads.size).toBe(0);
  });

  it('forgets what the inference server had said when it is heard anew', () => {
    tell('inference', { is_connected: true });
    tell('model', { id: 'gone' });
    tell('request', { row_id: 'r1', is_running: true });
    tell('memory', { budget: 10 });
    tell('inference', { is_connected: false });
    expect(state.isInferenceConnected).toBe(false);
    expect(state.models.size + state.requests.size).toBe(0);
    expect(state.memory).toBeNull();
  });

  it('passes on what others must look at', () => {
    const change = { kind: 'chat_changed', chat_id: 'c1', message_id: null };
    expect(tell('chat', change)).toEqual({ kind: 'chat', change });
    expect(tell('chat_resync', {})).toEqual({ kind: 'chat-resync' });
    expect(tell('library', { model_id: 'm' })).toEqual({ kind: 'library', modelId: 'm' });
  });

  it('leaves alone what it does not know', () => {
    expect(tell('something_new', { id: 1 })).toBeNull();
  });

  it('keeps a bounded number of requests, and every one that runs', () => {
    tell('request', { row_id: 'running', is_running: true });
    for (let number = 0; number < 500; number++) {
      tell('request', { row_id: `r${number}`, is_running: false });
    }
    expect(state.requests.size).toBe(200);
    expect(state.requests.has('running')).toBe(true);
    expect(state.requests.has('r499')).toBe(true);
    expect(state.requests.has('r0')).toBe(false);
  });
});
