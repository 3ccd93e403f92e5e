/** Names for what the APIs give, as pages use them. */
import type { components as ManagerComponents } from './manager';
import type { components as ServerComponents } from './server';

type Manager = ManagerComponents['schemas'];
type InferenceServer = ServerComponents['schemas'];

export type Chat = Manager['ChatView'];
export type ChatMessage = Manager['MessageView'];
export type Download = Manager['DownloadView'];
export type DownloadDetails = Manager['DownloadDetails'];
export type HubModel = Manager['HubModelView'];
export type HubModelDetails = Manager['HubModelDetails'];
export type Key = Manager['KeyView'];
export type ListedModel = InferenceServer['ListedModel'];
export type LibraryModel = Manager['LibraryModelView'];
export type LibraryModelDetail = Manager['LibraryModelDetail'];
export type LibraryModelList = Manager['LibraryModelList'];
export type LogEntry = Manager['LogEntry'];
export type RequestDetail = InferenceServer['RequestDetail'];
export type Server = Manager['ServerView'];
export type Setting = Manager['SettingView'];
export type User = Manager['UserView'];
export type Verification = Manager['VerificationView'];

/* Of the events. */
export type ChatChange = Manager['ChangeEvent'];
export type MemoryState = InferenceServer['MemoryView'];
export type ModelState = InferenceServer['ModelView'];
export type RequestState = InferenceServer['RequestView'];
