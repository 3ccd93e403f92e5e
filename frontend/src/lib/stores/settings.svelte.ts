/** The settings of both programs, and what is about to be changed of them. All of a change is stored, or nothing. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { ask, manager } from '$lib/api/client';
import { asFault, type Fault } from '$lib/api/fault';
import type { Setting } from '$lib/api/types';
import { entryOf, readEntry, shapeOf, type EntryFault } from '$lib/services/setting-view';
import { Resource } from './resource.svelte';

class Settings {
  list = new Resource<Setting[]>(async () => (await ask(manager.GET('/api/v1/settings'))).data, 'settings');
  /** What the controls hold that differs from what is there, by the setting's name. */
  drafts = new SvelteMap<string, string>();
  /** Whose stored value is to go. */
  resets = new SvelteSet<string>();
  isSaving = $state(false);
  /** Why the last change was refused. */
  fault = $state.raw<Fault | null>(null);

  get numChanges(): number {
    return this.drafts.size + this.resets.size;
  }

  /** Names of this program's whose stored value counts after its next start. */
  waiting(program: Setting['program']): string[] {
    const waiting = (this.list.data ?? []).filter((each) => each.program === program && each.needs_restart);
    return waiting.map((each) => each.name);
  }

  /** What the control shows: what is about to be stored, is stored, or counts. */
  entry(setting: Setting): string {
    const draft = this.drafts.get(setting.name);
    if (draft !== undefined) return draft;
    return this.resets.has(setting.name) ? entryOf(setting.default, shapeOf(setting)) : this.#there(setting);
  }

  edit(setting: Setting, entry: string): void {
    if (entry === this.entry(setting)) return;
    this.resets.delete(setting.name);
    if (entry === this.#there(setting)) this.drafts.delete(setting.name);
    else this.drafts.set(setting.name, entry);
    if (this.fault?.param?.split('.')[0] === setting.name) this.fault = null;
  }

  reset(setting: Setting): void {
    this.drafts.delete(setting.name);
    if (setting.is_stored) this.resets.add(setting.name);
  }

  undo(name: string): void {
    this.drafts.delete(name);
    this.resets.delete(name);
  }

  discard(): void {
    this.drafts.clear();
    this.resets.clear();
    this.fault = null;
  }

  /** What is wrong with what the control holds, before the program is asked. */
  entryFault(setting: Setting): EntryFault | null {
    const draft = this.drafts.get(setting.name);
    const read = draft === undefined ? null : readEntry(draft, shapeOf(setting));
    return read !== null && 'fault' in read ? read.fault : null;
  }

  /** Store the changes; false where something is wrong with one, of which its control tells. */
  async save(): Promise<boolean> {
    const set: Record<string, unknown> = {};
    for (const setting of this.list.data ?? []) {
      const draft = this.drafts.get(setting.name);
      if (draft === undefined) continue;
      const read = readEntry(draft, shapeOf(setting));
      if ('fault' in read) return false;
      set[setting.name] = read.value;
    }
    this.isSaving = true;
    this.fault = null;
    try {
      const body = { set, reset: [...this.resets] };
      this.list.set((await ask(manager.PATCH('/api/v1/settings', { body }))).data);
      this.discard();
      return true;
    } catch (thrown) {
      this.fault = asFault(thrown);
      return false;
    } finally {
      this.isSaving = false;
    }
  }

  #there(setting: Setting): string {
    return entryOf(setting.is_stored ? setting.stored : setting.value, shapeOf(setting));
  }
}

export const settings = new Settings();
