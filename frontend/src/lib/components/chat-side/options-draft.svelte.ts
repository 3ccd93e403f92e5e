/** Options of a chat while they are typed: what is complete is saved after a moment, what is wrong stays marked. */
import { asFault, type Fault } from '$lib/api/fault';
import {
  fieldOf,
  promptFault,
  readDraft,
  toDraft,
  type ParameterDraft,
  type ParameterFaults,
  type ParameterName,
  type Parameters
} from '$lib/services/parameters';

export interface OptionChanges {
  system_prompt?: string;
  parameters?: Parameters;
}

interface Source {
  systemPrompt: string;
  parameters: Parameters;
  save: (changes: OptionChanges) => void | Promise<void>;
}

const AFTER_MS = 600;

export class OptionsDraft {
  systemPrompt = $state('');
  fields = $state<ParameterDraft>(toDraft({}));
  isSaving = $state(false);
  isSaved = $state(false);
  /** A refusal that names none of the fields. */
  fault = $state.raw<Fault | null>(null);
  #refused = $state.raw<{ field: ParameterName | 'system_prompt'; text: string; typed: string } | null>(null);
  /** As it was saved last. */
  #prompt: string;
  #before = $state.raw<Parameters>({});
  #source: Source;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> = Promise.resolve();
  #read = $derived(readDraft(this.fields, this.#before));

  constructor(source: Source) {
    this.#source = source;
    this.#prompt = this.systemPrompt = source.systemPrompt;
    this.#before = source.parameters;
    this.fields = toDraft(source.parameters);
  }

  get faults(): ParameterFaults {
    const field = this.#refused?.field;
    const isStill = field && field !== 'system_prompt' && this.fields[field] === this.#refused?.typed;
    return isStill ? { [field]: this.#refused?.text, ...this.#read.faults } : this.#read.faults;
  }

  get promptFault(): string | null {
    const isStill = this.#refused?.field === 'system_prompt' && this.systemPrompt === this.#refused.typed;
    return promptFault(this.systemPrompt) ?? (isStill ? (this.#refused?.text ?? null) : null);
  }

  get hasFaults(): boolean {
    return this.promptFault !== null || Object.keys(this.faults).length > 0;
  }

  /** Something was typed. */
  touch(): void {
    this.isSaved = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), AFTER_MS);
  }

  set(name: ParameterName, text: string): void {
    Object.assign(this.fields, { [name]: text });
    this.touch();
  }

  /** Save what is complete and new. Never throws; one after the other. */
  save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const changes = this.#changes();
    if (changes === null) return;
    const typed = { ...this.fields, system_prompt: this.systemPrompt };
    this.isSaving = true;
    this.fault = this.#refused = null;
    try {
      await this.#source.save(changes);
      this.#prompt = changes.system_prompt ?? this.#prompt;
      this.#before = changes.parameters ?? this.#before;
      this.isSaved = true;
    } catch (thrown) {
      const fault = asFault(thrown);
      const field = fault.status === 400 ? fieldOf(fault.param) : null;
      if (field === null) this.fault = fault;
      else this.#refused = { field, text: fault.message, typed: typed[field] };
    } finally {
      this.isSaving = false;
    }
  }

  #changes(): OptionChanges | null {
    const changes: OptionChanges = {};
    if (this.systemPrompt !== this.#prompt && promptFault(this.systemPrompt) === null) {
      changes.system_prompt = this.systemPrompt;
    }
    const { parameters } = this.#read;
    if (JSON.stringify(parameters) !== JSON.stringify(this.#before)) changes.parameters = parameters;
    return Object.keys(changes).length > 0 ? changes : null;
  }
}
