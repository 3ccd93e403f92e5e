/** What the manager's one stream of events says, put together. */
import type { ChatChange, Download, MemoryState, ModelState, RequestState, Server } from '$lib/api/types';

export interface LiveState {
  server: Server | null;
  /** Whether the manager hears the inference server: what it knew of models and memory holds only then. */
  isInferenceConnected: boolean;
  memory: MemoryState | null;
  /** By the model's id. */
  models: Map<string, ModelState>;
  /** By the request's row id, the oldest first. */
  requests: Map<string, RequestState>;
  /** By the download's id. */
  downloads: Map<string, Download>;
}

/** What somebody else must look at anew. */
export type Notice =
  | { kind: 'chat'; change: ChatChange }
  | { kind: 'chat-resync' }
  | { kind: 'library'; modelId: string | null };

/** As many as the server itself keeps, and those that run. */
const KEPT_REQUESTS = 200;

/** Take one event in. Returns what it asks others to look at; an unknown event is nothing. */
export function take(state: LiveState, name: string, data: string): Notice | null {
  switch (name) {
    case 'server':
      state.server = JSON.parse(data) as Server;
      return null;
    case 'inference':
      takeConnection(state, (JSON.parse(data) as { is_connected: boolean }).is_connected);
      return null;
    case 'memory':
      state.memory = JSON.parse(data) as MemoryState;
      return null;
    case 'model': {
      const model = JSON.parse(data) as ModelState;
      state.models.set(model.id, model);
      return null;
    }
    case 'request':
      takeRequest(state.requests, JSON.parse(data) as RequestState);
      return null;
    case 'download': {
      const download = JSON.parse(data) as Download;
      state.downloads.set(download.id, download);
      return null;
    }
    case 'download_removed':
      state.downloads.delete((JSON.parse(data) as { id: string }).id);
      return null;
    case 'chat':
      return { kind: 'chat', change: JSON.parse(data) as ChatChange };
    case 'chat_resync':
      return { kind: 'chat-resync' };
    case 'library':
      return { kind: 'library', modelId: (JSON.parse(data) as { model_id: string | null }).model_id };
    default:
      return null;
  }
}

function takeConnection(state: LiveState, isConnected: boolean): void {
  state.isInferenceConnected = isConnected;
  // Each connection tells all anew; what has gone since is not told.
  state.models.clear();
  state.requests.clear();
  state.memory = null;
}

function takeRequest(requests: Map<string, RequestState>, request: RequestState): void {
  requests.set(request.row_id, request);
  if (requests.size <= KEPT_REQUESTS) return;
  for (const [id, kept] of requests) {
    if (kept.is_running) continue;
    requests.delete(id);
    return;
  }
}
