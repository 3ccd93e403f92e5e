/** What a page shows of an API: from the last time at once, then as it is now. */
import { asFault, type Fault } from '$lib/api/fault';

const PREFIX = 'mlx-cache:';
/** A component's own goes with it. */
const known = new Set<WeakRef<Resource<unknown>>>();

export class Resource<Data> {
  data = $state.raw<Data | null>(null);
  fault = $state<Fault | null>(null);
  isLoading = $state(false);
  #load: () => Promise<Data>;
  #key: string | null;
  #number = 0;

  /**
   * @param load how it is asked for.
   * @param key under which this tab keeps it over a reload; null keeps nothing.
   */
  constructor(load: () => Promise<Data>, key: string | null = null) {
    this.#load = load;
    this.#key = key === null ? null : PREFIX + key;
    this.data = this.#kept();
    known.add(new WeakRef(this as Resource<unknown>));
  }

  /** Whether there is nothing to show yet, neither data nor a fault. */
  get isEmptyHanded(): boolean {
    return this.data === null && this.fault === null;
  }

  /** Ask anew. Answers that come out of order do not overwrite newer ones. Never throws. */
  async refresh(): Promise<void> {
    const number = ++this.#number;
    this.isLoading = true;
    try {
      const data = await this.#load();
      if (number === this.#number) this.set(data);
    } catch (thrown) {
      if (number === this.#number) this.fault = asFault(thrown);
    } finally {
      if (number === this.#number) this.isLoading = false;
    }
  }

  set(data: Data): void {
    this.data = data;
    this.fault = null;
    if (this.#key === null) return;
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(data));
    } catch {
      // The tab's storage is full or forbidden: then a reload asks first.
    }
  }

  forget(): void {
    this.#number++;
    this.data = null;
    this.fault = null;
    this.isLoading = false;
  }

  #kept(): Data | null {
    if (this.#key === null) return null;
    try {
      return JSON.parse(globalThis.sessionStorage?.getItem(this.#key) ?? 'null') as Data | null;
    } catch {
      return null;
    }
  }
}

/** Somebody else looks now: nothing of what was shown may stay. */
export function forgetCached(): void {
  for (const reference of known) {
    const resource = reference.deref();
    if (resource === undefined) known.delete(reference);
    else resource.forget();
  }
  for (const key of Object.keys(globalThis.sessionStorage ?? {})) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}
