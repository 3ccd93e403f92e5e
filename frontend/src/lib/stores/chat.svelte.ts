/** The conversation that is shown: its path, the answer that is being written, and what one can do. */
import { ask, manager } from '$lib/api/client';
import { asFault, Fault } from '$lib/api/fault';
import type { components } from '$lib/api/manager';
import type { Chat, ChatMessage } from '$lib/api/types';
import type { PendingFile } from '$lib/services/attachments';
import * as tree from '$lib/services/chat-tree';
import type { Notice } from '$lib/services/live-state';
import { Answer } from './answer.svelte';
import { ChatDraft, noteLastModel } from './chat-draft.svelte';
import { Resource } from './resource.svelte';

type ChatWithMessages = components['schemas']['ChatWithMessages'];
type ChatChange = components['schemas']['ChatChange'];

/** What is on its way to the manager, shown where it will stand. */
export interface Sending {
  text: string;
  files: readonly PendingFile[];
}

/** Several notices of one change are looked at once. */
const NOTICE_MS = 60;
const known = new Map<string, Resource<ChatWithMessages>>();

function resourceOf(id: string): Resource<ChatWithMessages> {
  let resource = known.get(id);
  if (resource === undefined) {
    const params = { path: { chat_id: id } };
    const load = async () => {
      const fetched = await ask(manager.GET('/api/v1/chats/{chat_id}', { params }));
      return { ...fetched, messages: tree.newestOf(known.get(id)?.data?.messages ?? [], fetched.messages) };
    };
    known.set(id, (resource = new Resource(load, `chat ${id}`)));
  }
  return resource;
}

export class Conversation {
  /** Null while nothing was said yet. */
  id = $state<string | null>(null);
  draft = new ChatDraft();
  sending = $state.raw<Sending | null>(null);
  /** Of the last thing that one wanted done. */
  fault = $state.raw<Fault | null>(null);
  /** The message of which something was asked that is on its way. */
  busyWith = $state<string | null>(null);
  answer = $state.raw<Answer | null>(null);
  #resource = $state.raw<Resource<ChatWithMessages> | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** How long it was thought, of answers that were seen being written. */
  readonly thoughtS = new Map<string, number>();
  /** Messages of which the manager said that there is nothing to listen to. */
  #deaf = new Set<string>();

  readonly chat = $derived<Chat | null>(this.#resource?.data ?? null);
  readonly path = $derived<readonly ChatMessage[]>(this.#resource?.data?.messages ?? []);
  readonly loadFault = $derived(this.#resource?.fault ?? null);
  readonly isLoading = $derived(this.#resource?.isEmptyHanded ?? false);
  readonly model = $derived(this.chat?.model ?? this.draft.model);
  readonly unfinished = $derived(tree.unfinished(this.path));

  /** Show a chat; null for a new one. What is shown already stays as it is. */
  open(id: string | null): void {
    if (id === this.id) return;
    this.#leave();
    this.id = id;
    this.#resource = id === null ? null : resourceOf(id);
    if (id === null) this.draft.clear();
    else void this.refresh();
  }

  /** Nobody looks any more. */
  close(): void {
    this.#leave();
    this.id = null;
    this.#resource = null;
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.answer?.close();
    this.answer = null;
    this.fault = null;
    this.sending = null;
    this.busyWith = null;
  }

  async refresh(): Promise<void> {
    const resource = this.#resource;
    if (resource === null) return;
    await resource.refresh();
    if (resource === this.#resource) this.#follow();
  }

  /** Something has changed elsewhere, or here. */
  heed(notice: Notice): void {
    const isOurs =
      notice.kind === 'chat-resync' || (notice.kind === 'chat' && notice.change.chat_id === this.id);
    if (!isOurs || this.id === null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), NOTICE_MS);
  }

  /**
   * Say something; a chat that was not stored yet is. Returns whether it was taken.
   * @param onBegun called with the id of a chat that was begun for it.
   */
  async send(text: string, files: readonly PendingFile[], onBegun: (id: string) => void): Promise<boolean> {
    this.sending = { text, files };
    return this.#do(null, async () => {
      const chatId = this.id ?? (await this.#begin(onBegun));
      const path = { chat_id: chatId };
      const attachment_ids: string[] = [];
      for (const file of files) {
        const body = { name: file.name, media_type: file.mediaType, text: file.text };
        const kept = manager.POST('/api/v1/chats/{chat_id}/attachments', { params: { path }, body });
        attachment_ids.push((await ask(kept)).id);
      }
      const body = { role: 'user' as const, content: text, attachment_ids };
      const sent = manager.POST('/api/v1/chats/{chat_id}/messages', { params: { path }, body });
      this.#show(chatId, await ask(sent));
    });
  }

  async #begin(onBegun: (id: string) => void): Promise<string> {
    const { model, systemPrompt, parameters, folderId } = this.draft;
    const body = { model, system_prompt: systemPrompt, parameters: { ...parameters }, folder_id: folderId };
    const chat = await ask(manager.POST('/api/v1/chats', { body }));
    noteLastModel(model);
    const resource = resourceOf(chat.id);
    resource.set({ ...chat, messages: [] });
    this.id = chat.id;
    this.#resource = resource;
    onBegun(chat.id);
    return chat.id;
  }

  edit(message: ChatMessage, content: string): Promise<boolean> {
    return this.#do(message.id, async () => {
      const params = { path: { chat_id: message.chat_id, message_id: message.id } };
      const sent = manager.POST('/api/v1/chats/{chat_id}/messages/{message_id}/edit', {
        params,
        body: { content }
      });
      this.#show(message.chat_id, await ask(sent));
    });
  }

  regenerate(message: ChatMessage): Promise<boolean> {
    return this.#do(message.id, async () => {
      const params = { path: { chat_id: message.chat_id, message_id: message.id } };
      const url = '/api/v1/chats/{chat_id}/messages/{message_id}/regenerate';
      this.#show(message.chat_id, await ask(manager.POST(url, { params, body: {} })));
    });
  }

  goOn(message: ChatMessage): Promise<boolean> {
    return this.#do(message.id, async () => {
      const params = { path: { chat_id: message.chat_id, message_id: message.id } };
      const url = '/api/v1/chats/{chat_id}/messages/{message_id}/continue';
      this.#show(message.chat_id, await ask(manager.POST(url, { params, body: {} })));
    });
  }

  /** Give a tool's result. */
  giveResult(chatId: string, callId: string, content: string): Promise<boolean> {
    return this.#do(callId, async () => {
      const params = { path: { chat_id: chatId } };
      const body = { role: 'tool' as const, content, tool_call_id: callId, attachment_ids: [] };
      this.#show(chatId, await ask(manager.POST('/api/v1/chats/{chat_id}/messages', { params, body })));
    });
  }

  async stop(): Promise<void> {
    const message = this.unfinished;
    if (message === null) return;
    await this.#do(message.id, async () => {
      const params = { path: { chat_id: message.chat_id, message_id: message.id } };
      const url = '/api/v1/chats/{chat_id}/messages/{message_id}/stop';
      this.#end(await ask(manager.POST(url, { params })));
    });
  }

  /** Change the chat itself; of one that is not stored, see `draft`. */
  change(body: ChatChange): Promise<boolean> {
    return this.#do(null, async () => {
      const id = this.id;
      if (id === null) return;
      const chat = await ask(
        manager.PATCH('/api/v1/chats/{chat_id}', { params: { path: { chat_id: id } }, body })
      );
      if (body.model) noteLastModel(body.model);
      const resource = resourceOf(id);
      if (resource.data !== null) resource.set({ ...resource.data, ...chat });
    });
  }

  /** Show the branch in which a message stands. */
  async switchTo(messageId: string): Promise<void> {
    await this.#do(messageId, async () => {
      if (this.id === null) return;
      const params = { path: { chat_id: this.id } };
      await ask(manager.PATCH('/api/v1/chats/{chat_id}', { params, body: { shown_message_id: messageId } }));
      await this.refresh();
    });
  }

  /** A new chat with what was said up to a message. Returns its id; null where it failed. */
  async branchOff(message: ChatMessage): Promise<string | null> {
    let id: string | null = null;
    await this.#do(message.id, async () => {
      const params = { path: { chat_id: message.chat_id } };
      const body = { message_id: message.id };
      id = (await ask(manager.POST('/api/v1/chats/{chat_id}/branch', { params, body }))).id;
    });
    return id;
  }

  /** Do what may fail: then `fault` says why, and it returns false. */
  async #do(busyWith: string | null, action: () => Promise<void>): Promise<boolean> {
    const id = this.id;
    this.fault = null;
    this.busyWith = busyWith;
    try {
      await action();
      return true;
    } catch (thrown) {
      if (id === null || id === this.id) this.fault = asFault(thrown);
      return false;
    } finally {
      if (busyWith === null) this.sending = null;
      else if (this.busyWith === busyWith) this.busyWith = null;
    }
  }

  #show(chatId: string, sent: tree.SentMessage): void {
    const resource = resourceOf(chatId);
    const data = resource.data;
    if (data === null) return;
    const messages = tree.withSent(data.messages, sent);
    resource.set({ ...data, messages, shown_message_id: messages.at(-1)?.id ?? null });
    this.sending = null;
    if (resource === this.#resource) this.#follow();
  }

  /** Listen to the answer that is being written. */
  #follow(): void {
    const message = this.unfinished;
    if (message === null || this.#deaf.has(message.id)) {
      this.answer?.close();
      this.answer = null;
      return;
    }
    if (this.answer?.messageId === message.id) return;
    this.answer?.close();
    this.answer = new Answer(message, {
      onEnd: (ended) => this.#end(ended),
      onGone: (fault) => {
        if (fault !== null) this.#deaf.add(message.id);
        this.fault = fault;
        this.answer = null;
        void this.refresh();
      }
    });
  }

  #end(message: ChatMessage): void {
    if (this.answer?.messageId === message.id) {
      const { thoughtFrom, thoughtUntil } = this.answer.state;
      if (thoughtFrom !== null && thoughtUntil !== null) {
        this.thoughtS.set(message.id, (thoughtUntil - thoughtFrom) / 1000);
      }
    }
    const resource = known.get(message.chat_id);
    const data = resource?.data;
    if (resource && data) resource.set({ ...data, messages: tree.withMessage(data.messages, message) });
    if (this.answer?.messageId === message.id) {
      this.answer.close();
      this.answer = null;
    }
  }
}
