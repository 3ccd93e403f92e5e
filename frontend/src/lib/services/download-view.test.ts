import { describe, expect, it } from 'vitest';
import type { Download } from '$lib/api/types';
import { inOrder, isOpen, queuePlaces, shareOf, stateOf } from './download-view';

const NOW = new Date('2026-05-01T12:00:00Z');

function download(more: Partial<Download> = {}): Download {
  return {
    id: 'one',
    repo_id: 'owner/name',
    revision: 'main',
    commit_hash: null,
    status: 'running',
    done_bytes: 25,
    total_bytes: 100,
    num_files: 4,
    num_files_done: 1,
    bytes_per_s: 5,
    eta_s: 15,
    error: null,
    num_attempts: 0,
    retry_at: null,
    position: 1,
    allow_pickle: false,
    allow_code: false,
    created_at: '2026-05-01T11:00:00Z',
    updated_at: '2026-05-01T11:59:00Z',
    finished_at: null,
    ...more
  };
}

describe('stateOf', () => {
  it('says what runs, and that its last files are being compared', () => {
    expect(stateOf(download(), null, NOW)).toMatchObject({
      label: 'Downloading',
      isMoving: true,
      actions: ['pause', 'cancel']
    });
    expect(stateOf(download({ done_bytes: 100 }), null, NOW).label).toBe('Verifying');
  });

  it('says the place in the queue, and offers to go first where one is not', () => {
    const queued = download({ status: 'queued' });
    expect(stateOf(queued, 1, NOW)).toMatchObject({
      label: 'Next in the queue',
      actions: ['pause', 'cancel']
    });
    expect(stateOf(queued, 3, NOW)).toMatchObject({
      label: 'Number 3 in the queue',
      actions: ['first', 'pause', 'cancel']
    });
  });

  it('says why one waits, and until when', () => {
    const waiting = download({
      status: 'waiting',
      retry_at: '2026-05-01T12:00:08Z',
      error: { code: 'hub_unavailable', message: 'it broke off' }
    });
    expect(stateOf(waiting, null, NOW).note).toBe('it broke off. Tries again in 8 s.');
    expect(stateOf(waiting, null, new Date('2026-05-01T12:01:00Z')).note).toBe(
      'it broke off. It is tried again when its turn comes.'
    );
  });

  it('says why one has failed, and what to do', () => {
    const failed = download({
      status: 'failed',
      error: { code: 'insufficient_disk', message: '2 GB are missing' }
    });
    const state = stateOf(failed, null, NOW);
    expect(state.tone).toBe('fail');
    expect(state.note).toBe('2 GB are missing. Make room on the disk, then try again: what has come stays.');
    expect(state.actions).toEqual(['retry', 'dismiss']);
  });

  it('has nothing to add where the code is not known', () => {
    const failed = download({ status: 'failed', error: { code: 'other', message: 'no' } });
    expect(stateOf(failed, null, NOW).note).toBe('no');
  });
});

describe('the list', () => {
  const list = [
    download({ id: 'old', status: 'completed', finished_at: '2026-05-01T10:00:00Z' }),
    download({ id: 'new', status: 'completed', finished_at: '2026-05-01T11:00:00Z' }),
    download({ id: 'second', status: 'queued', position: 7 }),
    download({ id: 'failed', status: 'failed' }),
    download({ id: 'first', status: 'queued', position: 3 }),
    download({ id: 'running' })
  ];

  it('has what runs first, then the queue, then what is over, the last first', () => {
    expect(inOrder(list).map(({ id }) => id)).toEqual(['running', 'first', 'second', 'failed', 'new', 'old']);
  });

  it('counts places of those that wait for their turn only', () => {
    expect([...queuePlaces(list)]).toEqual([
      ['first', 1],
      ['second', 2]
    ]);
  });

  it('keeps failed ones with those that somebody must look at', () => {
    expect(list.filter(isOpen).map(({ id }) => id)).toEqual(['second', 'failed', 'first', 'running']);
  });
});

describe('shareOf', () => {
  it('is not known before the size is', () => {
    expect(shareOf(download({ total_bytes: 0, done_bytes: 0 }))).toBeNull();
    expect(shareOf(download())).toBe(0.25);
  });
});
