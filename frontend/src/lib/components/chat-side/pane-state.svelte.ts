/** What is being done to the chats of the pane, for all its parts. */
import { createContext } from 'svelte';
import { asFault, type Fault } from '$lib/api/fault';
import type { ListedChat } from '$lib/services/chat-groups';
import { chats, type Folder } from '$lib/stores/chats.svelte';
import { toasts } from '$lib/stores/toasts.svelte';
import { commonStrings, historyStrings } from '$lib/strings';

const OPEN_KEY = 'mlx-open-folders';
const DRAGGED = 'application/x-mlx-chat';

export class PaneState {
  /** Of the chat or folder whose name is being typed. */
  renamingId = $state<string | null>(null);
  moving = $state.raw<ListedChat | null>(null);
  deletingFolder = $state.raw<Folder | null>(null);
  isNamingFolder = $state(false);
  /** Why what was wanted last did not happen. */
  fault = $state.raw<Fault | null>(null);
  dragged = $state.raw<ListedChat | null>(null);
  #openFolders = $state.raw<readonly string[]>(readOpen());

  isOpen(folderId: string): boolean {
    return this.#openFolders.includes(folderId);
  }

  toggle(folderId: string): void {
    this.#setOpen(folderId, !this.isOpen(folderId));
  }

  /** Do it, and show why where it does not succeed. True where it did. */
  async attempt(act: () => Promise<void>): Promise<boolean> {
    this.fault = null;
    try {
      await act();
      return true;
    } catch (thrown) {
      this.fault = asFault(thrown);
      return false;
    }
  }

  async move(chat: ListedChat, folderId: string | null): Promise<boolean> {
    if (chat.folder_id === folderId) return true;
    const isMoved = await this.attempt(() => chats.change(chat.id, { folder_id: folderId }));
    if (isMoved) {
      const words = historyStrings;
      toasts.show(words.moved(chat.title || words.untitled, chats.folderName(folderId)), {
        action: { label: commonStrings.undo, run: () => void this.#moveBack(chat) }
      });
    }
    return isMoved;
  }

  beginDrag(event: DragEvent, chat: ListedChat): void {
    this.dragged = chat;
    event.dataTransfer?.setData(DRAGGED, chat.id);
    if (event.dataTransfer) event.dataTransfer.effectAllowed = 'copyMove';
  }

  /** Whether what is dragged is a chat that is not there yet. */
  canDrop(folderId: string | null): boolean {
    return this.dragged !== null && this.dragged.folder_id !== folderId;
  }

  drop(event: DragEvent, folderId: string | null): void {
    const chat = this.dragged;
    this.dragged = null;
    if (chat === null) return;
    event.preventDefault();
    void this.move(chat, folderId);
  }

  async #moveBack(chat: ListedChat): Promise<void> {
    await this.attempt(() => chats.change(chat.id, { folder_id: chat.folder_id }));
  }

  #setOpen(folderId: string, isOpen: boolean): void {
    const others = this.#openFolders.filter((id) => id !== folderId);
    this.#openFolders = isOpen ? [...others, folderId] : others;
    try {
      localStorage.setItem(OPEN_KEY, JSON.stringify(this.#openFolders));
    } catch {
      // Storage is full or forbidden: then it is not remembered.
    }
  }
}

function readOpen(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(OPEN_KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

export const [paneState, setPaneState] = createContext<PaneState>();
