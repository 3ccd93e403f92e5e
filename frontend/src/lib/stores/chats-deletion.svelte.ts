/** Deleting a chat with a way back: it goes out of sight at once, and is deleted when nobody wanted it back. */
import { base } from '$app/paths';
import { asFault } from '$lib/api/fault';
import { commonStrings, historyStrings } from '$lib/strings';
import { chats } from './chats.svelte';
import { toasts } from './toasts.svelte';

/** As long as the note with the way back is shown. */
const WAIT_MS = 10_000;

const waiting = new Map<string, ReturnType<typeof setTimeout>>();

/**
 * @param onUndo where it was wanted back.
 */
export function deleteSoon(id: string, title: string, onUndo: () => void): void {
  if (waiting.has(id)) return;
  chats.hidden.add(id);
  waiting.set(
    id,
    setTimeout(() => void deleteNow(id, title), WAIT_MS)
  );
  toasts.show(historyStrings.deleted(title), {
    action: {
      label: commonStrings.undo,
      run: () => {
        if (!waiting.has(id)) return;
        clearTimeout(waiting.get(id));
        waiting.delete(id);
        chats.hidden.delete(id);
        onUndo();
      }
    }
  });
}

async function deleteNow(id: string, title: string): Promise<void> {
  waiting.delete(id);
  try {
    await chats.remove(id);
  } catch (thrown) {
    const fault = asFault(thrown);
    if (fault.status !== 404) {
      toasts.show(historyStrings.notDeleted(title, fault.message), { kind: 'fail' });
    }
  } finally {
    chats.hidden.delete(id);
  }
}

/** Who closes the page does not want them back. */
globalThis.addEventListener?.('pagehide', () => {
  for (const [id, timer] of waiting) {
    clearTimeout(timer);
    void fetch(`${base}/api/v1/chats/${encodeURIComponent(id)}`, { method: 'DELETE', keepalive: true });
  }
  waiting.clear();
});
