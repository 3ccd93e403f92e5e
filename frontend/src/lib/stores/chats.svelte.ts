/** One's chats and folders, as every tab sees them: what changes elsewhere is taken in where it belongs. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { ask, manager } from '$lib/api/client';
import { asFault } from '$lib/api/fault';
import type { components } from '$lib/api/manager';
import type { ListedChat } from '$lib/services/chat-groups';
import type { Notice } from '$lib/services/live-state';
import { ChatList } from './chats-list.svelte';
import { live } from './live.svelte';
import { Resource } from './resource.svelte';

export type Folder = components['schemas']['FolderView'];
type Change = components['schemas']['ChatChange'];
type Exported = components['schemas']['ExportedChat'];

/** Changes come in bursts: an answer is begun, written, ended. */
const GATHER_MS = 250;
/** Whatever somebody said something in lately is among these. */
const NEWEST = 20;

class Chats {
  pinned = new ChatList({ pinned: true }, (chat) => chat.is_pinned, 'chats-pinned');
  loose = new ChatList(
    { pinned: false, folder_id: 'none' },
    (chat) => !chat.is_pinned && chat.folder_id === null,
    'chats-loose'
  );
  found = $state.raw<ChatList | null>(null);
  /** Those that are to be deleted in a moment, and are not shown. */
  hidden = new SvelteSet<string>();
  search = $state('');
  #folders = new Resource<Folder[]>(async () => {
    return (await ask(manager.GET('/api/v1/chats/folders'))).data;
  }, 'chats-folders');
  #inFolders = new SvelteMap<string, ChatList>();
  #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  get folders(): readonly Folder[] {
    return this.#folders.data ?? [];
  }

  /** Of a folder; asked for when it is first opened. */
  inFolder(id: string): ChatList | null {
    return this.#inFolders.get(id) ?? null;
  }

  folderName(id: string | null): string | null {
    return this.folders.find((folder) => folder.id === id)?.name ?? null;
  }

  /** Look, and go on looking; call the result to end it. */
  begin(): () => void {
    void this.refresh();
    const leave = live.onNotice((notice) => this.#note(notice));
    return () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      leave();
    };
  }

  async refresh(): Promise<void> {
    await Promise.all([this.#folders.refresh(), ...this.#lists().map((list) => list.refresh())]);
  }

  openFolder(id: string): void {
    if (this.#inFolders.has(id)) return;
    const list = new ChatList({ folder_id: id }, (chat) => chat.folder_id === id, `chats-folder-${id}`);
    this.#inFolders.set(id, list);
    void list.refresh();
  }

  /** Look for what was typed; nothing shows all again. */
  find(text: string): void {
    this.search = text.trim();
    if (this.search === '') {
      this.found = null;
      return;
    }
    const before = this.found;
    const list: ChatList = new ChatList({ search: this.search }, (chat) =>
      list.chats.some((each) => each.id === chat.id)
    );
    // What was found before stays until the next is there, so that the list does not blink.
    if (before === null) this.found = list;
    const wanted = this.search;
    void list.refresh().then(() => {
      if (this.search === wanted) this.found = list;
    });
  }

  async change(id: string, body: Change): Promise<void> {
    const params = { path: { chat_id: id } };
    this.put(await ask(manager.PATCH('/api/v1/chats/{chat_id}', { params, body })));
  }

  async remove(id: string): Promise<void> {
    await ask(manager.DELETE('/api/v1/chats/{chat_id}', { params: { path: { chat_id: id } } }));
    this.#drop(id);
  }

  /** Its id. */
  async import(body: Exported): Promise<ListedChat> {
    const chat = await ask(manager.POST('/api/v1/chats/import', { body }));
    this.put(chat);
    return chat;
  }

  async createFolder(name: string): Promise<Folder> {
    const folder = await ask(manager.POST('/api/v1/chats/folders', { body: { name } }));
    await this.#folders.refresh();
    return folder;
  }

  async renameFolder(id: string, name: string): Promise<void> {
    const params = { path: { folder_id: id } };
    await ask(manager.PATCH('/api/v1/chats/folders/{folder_id}', { params, body: { name } }));
    await this.#folders.refresh();
  }

  async removeFolder(id: string, what: 'keep' | 'delete'): Promise<void> {
    const params = { path: { folder_id: id }, query: { chats: what } };
    await ask(manager.DELETE('/api/v1/chats/folders/{folder_id}', { params }));
    this.#inFolders.delete(id);
    await this.refresh();
  }

  /** A chat as it is now, in every list that has or wants it. */
  put(chat: ListedChat): void {
    for (const list of this.#lists()) list.put(chat);
  }

  #drop(id: string): void {
    for (const list of this.#lists()) list.drop(id);
  }

  #lists(): ChatList[] {
    return [this.pinned, this.loose, ...this.#inFolders.values(), ...(this.found ? [this.found] : [])];
  }

  #note(notice: Notice): void {
    if (notice.kind === 'chat-resync') {
      void this.refresh();
      return;
    }
    if (notice.kind !== 'chat') return;
    const { kind, chat_id: id } = notice.change;
    if (kind === 'folders_changed') void this.#folders.refresh();
    else if (kind === 'chat_deleted') this.#drop(id ?? '');
    else if (id !== null) this.#gather(id);
  }

  #gather(id: string): void {
    this.#changed.add(id);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, GATHER_MS);
  }

  /** Most changes are of the newest chats, which come without their messages; the rest one by one. */
  async #look(): Promise<void> {
    const ids = new Set(this.#changed);
    this.#changed.clear();
    try {
      const query = { limit: NEWEST };
      const newest = await ask(manager.GET('/api/v1/chats', { params: { query } }));
      for (const chat of newest.data) if (ids.delete(chat.id)) this.put(chat);
      for (const id of ids) await this.#lookAt(id);
    } catch {
      // The stream comes back with a resync, which reads all of it again.
    }
  }

  async #lookAt(id: string): Promise<void> {
    try {
      const params = { path: { chat_id: id } };
      const chat: ListedChat = await ask(manager.GET('/api/v1/chats/{chat_id}', { params }));
      Reflect.deleteProperty(chat, 'messages');
      this.put(chat);
    } catch (thrown) {
      if (asFault(thrown).status !== 404) throw thrown;
      this.#drop(id);
    }
  }
}

export const chats = new Chats();
