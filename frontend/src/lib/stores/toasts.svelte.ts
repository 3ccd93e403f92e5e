/** Short notes at the edge of the page: what was done, with a way back where there is one. */

export interface Toast {
  id: number;
  text: string;
  kind: 'ok' | 'fail';
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 6000;
/** Long enough to find the way back. */
const UNDO_MS = 10_000;

class Toasts {
  list = $state<Toast[]>([]);
  #last = 0;

  show(text: string, options: { kind?: Toast['kind']; action?: Toast['action'] } = {}): number {
    const id = ++this.#last;
    this.list.push({ id, text, kind: options.kind ?? 'ok', action: options.action });
    setTimeout(() => this.dismiss(id), options.action ? UNDO_MS : SHOWN_MS);
    return id;
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
