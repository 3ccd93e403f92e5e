/** Names for what the APIs give, as pages use them. */
import type { components as ManagerComponents } from './manager';

type Manager = ManagerComponents['schemas'];

export type About = Record<string, unknown>;
export type Chat = Manager['ChatView'];
export type ChatMessage = Manager['MessageView'];
export type Download = Manager['DownloadView'];
export type DownloadDetails = Manager['DownloadDetails'];
export type HubModel = Manager['HubModelView'];
export type HubModelDetails = Manager['HubModelDetails'];
export type Key = Manager['KeyView'];
export type LibraryModel = Manager['LibraryModelView'];
export type LibraryModelDetail = Manager['LibraryModelDetail'];
export type LibraryModelList = Manager['LibraryModelList'];
export type Server = Manager['ServerView'];
export type Setting = Manager['SettingView'];
export type User = Manager['UserView'];
export type Verification = Manager['VerificationView'];

/* Of the events. */
export interface ChatChange {
  kind: 'chat_changed' | 'chat_deleted' | 'message_changed' | 'folders_changed';
  chat_id: string | null;
  message_id: string | null;
}
export interface Reserved {
  weights: number;
  kv: number;
  total: number;
  [part: string]: number;
}
export interface ModelState {
  id: string;
  status: string;
  progress: number | null;
  reason: string | null;
  pinned: boolean;
  pid: number | null;
  leases: number;
  waiting: number;
  queue: number;
  running: number;
  tokens_per_second: number;
  load_s: number | null;
  idle_s: number | null;
  unloads_in_s: number | null;
  bytes: {
    estimated: number;
    reserved: Reserved | null;
    footprint?: number | null;
    active?: number | null;
    kv?: number | null;
    prefixes?: number | null;
  };
}
export interface MemoryState {
  budget: number;
  reserved: number;
  free: number;
  max_models: number;
  models: {
    id: string;
    status: string;
    reserved: Reserved;
    footprint?: number | null;
    active?: number | null;
    kv?: number | null;
    prefixes?: number | null;
  }[];
  spare_worker: number | null;
  pressure: string;
  explanation: string | null;
  real: Record<string, number> | null;
}
export interface RequestState {
  id: string;
  row_id: string;
  model: string;
  phase: string;
  is_running: boolean;
  arrived_at: string;
  prompt_tokens: number;
  cached_tokens: number;
  read_tokens: number;
  completion_tokens: number;
  tokens_per_second: number | null;
  time_to_first_token_s: number | null;
  total_s: number;
  detail: string;
}
