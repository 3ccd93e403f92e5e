/** What is said of a download, and what can be done with it. */
import type { Tone } from '$lib/components/ui';
import type { Download } from '$lib/api/types';
import { modelsStrings } from '$lib/strings';
import { duration } from './format';

export type DownloadAction = 'pause' | 'resume' | 'cancel' | 'retry' | 'first' | 'dismiss';

export interface DownloadState {
  tone: Tone;
  /** In a word or three. */
  label: string;
  /** Why, and what to do; empty where there is nothing to add. */
  note: string;
  actions: DownloadAction[];
  /** Whether something comes at this moment. */
  isMoving: boolean;
}

const FINISHED: ReadonlySet<Download['status']> = new Set(['failed', 'completed', 'cancelled']);

export const isFinished = (download: Download): boolean => FINISHED.has(download.status);

/** Failed ones stay with those that are under way: they wait for somebody. */
export const isOpen = (download: Download): boolean => !isFinished(download) || download.status === 'failed';

/** How much has come, from 0 to 1; null where nothing is known yet. */
export const shareOf = (download: Download): number | null =>
  download.total_bytes > 0 ? Math.min(download.done_bytes / download.total_bytes, 1) : null;

/** All bytes are here, and the last files are still being compared with their hashes. */
const isVerifying = (download: Download): boolean =>
  download.total_bytes > 0 &&
  download.done_bytes >= download.total_bytes &&
  download.num_files_done < download.num_files;

/** Those that run, wait, rest, have failed; each kind in the order of the queue. */
const RANK: Record<Download['status'], number> = {
  running: 0,
  waiting: 1,
  queued: 2,
  paused: 3,
  failed: 4,
  completed: 5,
  cancelled: 6
};

export function inOrder(downloads: Iterable<Download>): Download[] {
  return [...downloads].sort((a, b) => {
    if (a.status !== b.status) return RANK[a.status] - RANK[b.status];
    if (isFinished(a)) return (b.finished_at ?? b.updated_at).localeCompare(a.finished_at ?? a.updated_at);
    return a.position - b.position;
  });
}

/** The place of each queued one, from 1. */
export function queuePlaces(downloads: Iterable<Download>): Map<string, number> {
  const queued = inOrder(downloads).filter((download) => download.status === 'queued');
  return new Map(queued.map((download, index) => [download.id, index + 1]));
}

export function stateOf(download: Download, place: number | null, now: Date): DownloadState {
  const words = modelsStrings.downloads;
  const said = (
    tone: Tone,
    label: string,
    actions: DownloadAction[],
    { note = '', isMoving = false } = {}
  ): DownloadState => ({ tone, label, note, actions, isMoving });
  switch (download.status) {
    case 'running':
      return said('busy', isVerifying(download) ? words.verifying : words.running, ['pause', 'cancel'], {
        isMoving: true
      });
    case 'queued':
      return said(
        'neutral',
        place === null ? words.queued : words.queuedAt(place),
        place === 1 ? ['pause', 'cancel'] : ['first', 'pause', 'cancel']
      );
    case 'waiting':
      return said('warn', words.waiting, ['retry', 'pause', 'cancel'], { note: waitingNote(download, now) });
    case 'paused':
      return said('neutral', words.paused, ['resume', 'cancel']);
    case 'failed':
      return said('fail', words.failed, ['retry', 'dismiss'], { note: failedNote(download) });
    case 'completed':
      return said('ok', words.completed, ['dismiss']);
    case 'cancelled':
      return said('neutral', words.cancelled, ['retry', 'dismiss']);
  }
}

function waitingNote(download: Download, now: Date): string {
  const words = modelsStrings.downloads;
  const reason = download.error?.message ?? '';
  if (download.retry_at === null) return reason;
  const seconds = (new Date(download.retry_at).getTime() - now.getTime()) / 1000;
  const when = seconds < 1 ? words.retriesNow : words.retriesIn(duration(Math.ceil(seconds)));
  return reason ? `${reason}. ${when}` : when;
}

function failedNote(download: Download): string {
  const { error } = download;
  if (error === null) return '';
  const advice = modelsStrings.downloads.advice[error.code] ?? '';
  return advice ? `${error.message}. ${advice}` : error.message;
}
