/** One of the server's requests with what only asking for it tells: where its prompt left the prefix cache. */
import { ask, server } from '$lib/api/client';
import { asFault, type Fault } from '$lib/api/fault';
import type { RequestDetail, RequestState } from '$lib/api/types';
import { live } from './live.svelte';

export class InspectedRequest {
  readonly rowId: string;
  detail = $state.raw<RequestDetail | null>(null);
  fault = $state.raw<Fault | null>(null);
  #number = 0;

  constructor(rowId: string) {
    this.rowId = rowId;
  }

  /** As the stream tells it now; else as it was when it was asked for. */
  get request(): RequestState | null {
    return live.requests.get(this.rowId) ?? this.detail;
  }

  /** Ask anew; to be called when its phase has changed. Never throws. */
  async look(): Promise<void> {
    const number = ++this.#number;
    try {
      const params = { path: { request_id: this.rowId } };
      const detail = await ask(server.GET('/admin/requests/{request_id}', { params }));
      if (number !== this.#number) return;
      this.detail = detail;
      this.fault = null;
    } catch (thrown) {
      if (number === this.#number) this.fault = asFault(thrown);
    }
  }

  /** End it. Throws `Fault`. */
  async cancel(): Promise<void> {
    const params = { path: { request_id: this.rowId } };
    await ask(server.POST('/admin/requests/{request_id}/cancel', { params }));
  }
}
