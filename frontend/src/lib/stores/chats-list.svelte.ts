/** One list of chats, by page: what is loaded of it, as it is now. */
import { ask, manager } from '$lib/api/client';
import { asFault, type Fault } from '$lib/api/fault';
import { joined, withChat, withoutChat, type ChatPage, type ListedChat } from '$lib/services/chat-groups';
import { Resource } from './resource.svelte';

export interface ChatQuery {
  /** `none` for those in no folder. */
  folder_id?: string;
  pinned?: boolean;
  search?: string;
}

const PAGE = 50;
/** The most that the manager gives at once. */
const MOST = 200;

export class ChatList {
  #pages: Resource<ChatPage>;
  #query: ChatQuery;
  #accepts: (chat: ListedChat) => boolean;
  isLoadingMore = $state(false);
  moreFault = $state.raw<Fault | null>(null);

  /**
   * @param accepts whether a chat that has changed belongs into it.
   * @param key under which this tab keeps it; null keeps nothing.
   */
  constructor(query: ChatQuery, accepts: (chat: ListedChat) => boolean, key: string | null = null) {
    this.#query = query;
    this.#accepts = accepts;
    this.#pages = new Resource(() => this.#read(), key);
  }

  get chats(): readonly ListedChat[] {
    return this.#pages.data?.data ?? [];
  }

  get isKnown(): boolean {
    return this.#pages.data !== null;
  }

  get isLoading(): boolean {
    return this.#pages.isLoading;
  }

  get hasMore(): boolean {
    return this.cursor !== null;
  }

  get cursor(): string | null {
    return this.#pages.data?.next_cursor ?? null;
  }

  get fault(): Fault | null {
    return this.#pages.fault;
  }

  /** As much as is shown, anew, so that nothing jumps. Never throws. */
  refresh(): Promise<void> {
    return this.#pages.refresh();
  }

  /** The next page. Never throws: `moreFault` says what came of it. */
  async more(): Promise<void> {
    const { cursor } = this;
    if (cursor === null || this.isLoadingMore) return;
    this.isLoadingMore = true;
    this.moreFault = null;
    try {
      const query = { ...this.#query, limit: PAGE, cursor };
      const next = await ask(manager.GET('/api/v1/chats', { params: { query } }));
      const page = this.#pages.data;
      // A list that was read anew meanwhile goes on from elsewhere.
      if (page !== null && page.next_cursor === cursor) this.#pages.set(joined(page, next));
    } catch (thrown) {
      this.moreFault = asFault(thrown);
    } finally {
      this.isLoadingMore = false;
    }
  }

  /** A chat as it is now: in its place, or not in this list any more. */
  put(chat: ListedChat): void {
    const page = this.#pages.data;
    if (page === null) return;
    this.#pages.set(this.#accepts(chat) ? withChat(page, chat) : withoutChat(page, chat.id));
  }

  drop(id: string): void {
    const page = this.#pages.data;
    if (page !== null) this.#pages.set(withoutChat(page, id));
  }

  #read(): Promise<ChatPage> {
    const limit = Math.min(Math.max(this.chats.length, PAGE), MOST);
    return ask(manager.GET('/api/v1/chats', { params: { query: { ...this.#query, limit } } }));
  }
}
