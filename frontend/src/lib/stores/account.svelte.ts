/** One's own sessions and password. */
import { ask, manager } from '$lib/api/client';
import type { components } from '$lib/api/manager';
import { Resource } from './resource.svelte';

export type OwnSession = components['schemas']['SessionView'];

class Account {
  sessions = new Resource<OwnSession[]>(
    async () => (await ask(manager.GET('/api/v1/auth/sessions'))).data,
    'own-sessions'
  );

  async end(session: OwnSession): Promise<void> {
    const params = { path: { session_id: session.id } };
    await ask(manager.DELETE('/api/v1/auth/sessions/{session_id}', { params }));
    this.sessions.set((this.sessions.data ?? []).filter((each) => each.id !== session.id));
  }

  /** All sessions but this one end. */
  async changePassword(current: string, next: string): Promise<void> {
    const body = { current_password: current, new_password: next };
    await ask(manager.POST('/api/v1/auth/password', { body }));
    await this.sessions.refresh();
  }
}

export const account = new Account();
