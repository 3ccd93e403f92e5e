/** What can be done with a chat of the list. */
import Download from '@lucide/svelte/icons/download';
import FileText from '@lucide/svelte/icons/file-text';
import FolderInput from '@lucide/svelte/icons/folder-input';
import Pencil from '@lucide/svelte/icons/pencil';
import Pin from '@lucide/svelte/icons/pin';
import PinOff from '@lucide/svelte/icons/pin-off';
import Trash from '@lucide/svelte/icons/trash-2';
import { goto } from '$app/navigation';
import { base } from '$app/paths';
import type { MenuItem } from '$lib/components/ui';
import { href } from '$lib/paths';
import type { ListedChat } from '$lib/services/chat-groups';
import { deleteSoon } from '$lib/stores/chats-deletion.svelte';
import { chats } from '$lib/stores/chats.svelte';
import { commonStrings, historyStrings } from '$lib/strings';
import type { PaneState } from './pane-state.svelte';

export function chatMenu(chat: ListedChat, pane: PaneState, isCurrent: boolean): MenuItem[] {
  const words = historyStrings;
  return [
    { label: words.rename, icon: Pencil, run: () => (pane.renamingId = chat.id) },
    {
      label: chat.is_pinned ? words.unpin : words.pin,
      icon: chat.is_pinned ? PinOff : Pin,
      run: () => void pane.attempt(() => chats.change(chat.id, { is_pinned: !chat.is_pinned }))
    },
    { label: words.move, icon: FolderInput, run: () => (pane.moving = chat) },
    { label: words.exportJson, icon: Download, begins: true, run: () => download(chat.id, 'json') },
    { label: words.exportMarkdown, icon: FileText, run: () => download(chat.id, 'markdown') },
    {
      label: commonStrings.delete,
      icon: Trash,
      isDanger: true,
      begins: true,
      run: () => remove(chat, isCurrent)
    }
  ];
}

/** The manager names the file. */
function download(chatId: string, format: 'json' | 'markdown'): void {
  const all = format === 'json' ? '&all=true' : '';
  const link = document.createElement('a');
  link.href = `${base}/api/v1/chats/${encodeURIComponent(chatId)}/export?format=${format}${all}`;
  link.download = '';
  link.click();
}

function remove(chat: ListedChat, isCurrent: boolean): void {
  deleteSoon(chat.id, chat.title || historyStrings.untitled, () => {
    if (isCurrent) void goto(href('/chat', { chat: chat.id }));
  });
  if (isCurrent) void goto(href('/chat'));
}
