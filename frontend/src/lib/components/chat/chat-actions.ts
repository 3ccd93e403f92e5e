/** What one can do with the conversation that is shown, by buttons, keys and the palette. */
import { tick } from 'svelte';
import { goto } from '$app/navigation';
import type { ChatMessage } from '$lib/api/types';
import { href } from '$lib/paths';
import { lastAnswer, lastBranching, siblingOf } from '$lib/services/chat-tree';
import { copyText } from '$lib/services/clipboard';
import type { Conversation } from '$lib/stores/chat.svelte';
import type { Action } from '$lib/stores/palette.svelte';
import { toasts } from '$lib/stores/toasts.svelte';
import { chatStrings, frameStrings } from '$lib/strings';
import type { FollowEnd } from './follow-end.svelte';
import { SHORTCUTS, type ShortcutName } from './shortcuts';
import type { Unsent } from './unsent.svelte';

const words = chatStrings.actions;

/** What only the page can do. */
export interface PageParts {
  composer: () => HTMLTextAreaElement | null;
  search: () => void;
  showShortcuts: () => void;
}

export class ChatActions {
  constructor(
    readonly conversation: Conversation,
    readonly unsent: Unsent,
    readonly follow: FollowEnd,
    readonly parts: PageParts
  ) {}

  newChat = (): void => {
    void goto(href('/chat'), { keepFocus: true }).then(this.focus);
  };

  focus = (): void => {
    void tick().then(() => this.parts.composer()?.focus());
  };

  /** Back to the field, but with a finger: the keyboard would cover what comes. */
  #refocus(): void {
    if (matchMedia('(pointer: fine)').matches) this.focus();
  }

  /** Send what is written. What is refused stays to be sent again. */
  send = async (text = this.unsent.text): Promise<void> => {
    const files = this.unsent.files;
    if (this.conversation.sending !== null) return;
    this.unsent.set('', []);
    this.follow.toEnd();
    this.#refocus();
    const isTaken = await this.conversation.send(text, files, (id) => {
      this.unsent.moveTo(id);
      void goto(href('/chat', { chat: id }), { replaceState: true, keepFocus: true, noScroll: true });
    });
    if (!isTaken && this.unsent.text === '' && this.unsent.files.length === 0) this.unsent.set(text, files);
  };

  stop = (): void => {
    void this.conversation.stop();
    this.#refocus();
  };

  switchTo = (messageId: string): void => {
    this.follow.stay();
    void this.conversation.switchTo(messageId);
  };

  branchOff = async (message: ChatMessage): Promise<void> => {
    const id = await this.conversation.branchOff(message);
    if (id === null) return;
    await goto(href('/chat', { chat: id }), { keepFocus: true });
    toasts.show(words.branchedOff);
    this.focus();
  };

  async copyLast(): Promise<void> {
    const text = lastAnswer(this.conversation.path)?.content ?? '';
    if (text === '') toasts.show(words.nothingToCopy, { kind: 'fail' });
    else if (await copyText(text)) toasts.show(words.copied);
  }

  regenerateLast(): void {
    const message = this.conversation.path.at(-1);
    if (message !== undefined && message.status !== 'writing') void this.conversation.regenerate(message);
  }

  step(by: number): void {
    const message = lastBranching(this.conversation.path);
    const sibling = message === null ? null : siblingOf(message, by);
    if (sibling !== null) this.switchTo(sibling);
  }

  run(name: ShortcutName): void {
    switch (name) {
      case 'newChat':
        return this.newChat();
      case 'focus':
        return this.focus();
      case 'stop':
        return this.stop();
      case 'copy':
        return void this.copyLast();
      case 'regenerate':
        return this.regenerateLast();
      case 'previous':
        return this.step(-1);
      case 'next':
        return this.step(1);
      case 'search':
        return this.parts.search();
      case 'show':
        return this.parts.showShortcuts();
    }
  }

  /** For the palette; what makes no sense now is not offered. */
  offered = (): Action[] =>
    SHORTCUTS.filter(({ name }) => this.#can(name)).map(({ name, label, keys }) => ({
      id: `chat ${name}`,
      label,
      group: 'actions',
      keywords: [frameStrings.pages['/chat']],
      shortcut: keys,
      run: () => this.run(name)
    }));

  #can(name: ShortcutName): boolean {
    const { path, unfinished } = this.conversation;
    if (name === 'stop') return unfinished !== null;
    if (name === 'copy' || name === 'regenerate') return path.length > 0 && unfinished === null;
    if (name === 'previous' || name === 'next') return lastBranching(path) !== null;
    return true;
  }
}
