/** Keys: one's own, or with `all` everybody's. */
import { ask, manager } from '$lib/api/client';
import { Fault } from '$lib/api/fault';
import type { components } from '$lib/api/manager';
import type { Key } from '$lib/api/types';
import { freeName } from '$lib/services/clients';
import type { KeyChange, NewKey } from '$lib/services/key-view';
import { madeKey } from './made-key.svelte';
import { Resource } from './resource.svelte';

type CreatedKey = components['schemas']['CreatedKey'];

async function load(all: boolean): Promise<Key[]> {
  const { data } = await ask(manager.GET('/api/v1/keys', { params: { query: { all } } }));
  return data.toReversed();
}

/** Names of models that a key can be limited to. */
export const keyModels = new Resource<string[]>(async () => {
  const { data } = await ask(manager.GET('/api/v1/library/models'));
  return data.map((model) => model.id);
}, 'key-models');

class Keys {
  own = new Resource(() => load(false), 'keys');
  everybodys = new Resource(() => load(true), 'keys-all');

  /** The key itself is in the answer, this once. */
  async create(body: NewKey): Promise<CreatedKey> {
    const made = await ask(manager.POST('/api/v1/keys', { body }));
    madeKey.take(made);
    this.#refresh();
    return made;
  }

  /** The same under the next name that is free. */
  async createNamed(body: NewKey): Promise<CreatedKey> {
    const taken = (await load(false)).map((key) => key.name);
    for (;;) {
      const name = freeName(body.name, taken);
      try {
        return await this.create({ ...body, name });
      } catch (thrown) {
        if (!(thrown instanceof Fault) || thrown.code !== 'already_exists') throw thrown;
        taken.push(name);
      }
    }
  }

  async change(id: string, body: KeyChange): Promise<void> {
    await ask(manager.PATCH('/api/v1/keys/{key_id}', { params: { path: { key_id: id } }, body }));
    this.#refresh();
  }

  async revoke(id: string): Promise<void> {
    await ask(manager.DELETE('/api/v1/keys/{key_id}', { params: { path: { key_id: id } } }));
    madeKey.forget(id);
    for (const list of [this.own, this.everybodys]) {
      if (list.data !== null) list.set(list.data.filter((key) => key.id !== id));
    }
    this.#refresh();
  }

  /** What is shown somewhere; the rest is asked for when it is. */
  #refresh(): void {
    for (const list of [this.own, this.everybodys]) if (list.data !== null) void list.refresh();
  }
}

export const keys = new Keys();
