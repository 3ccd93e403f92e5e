/** Who is looking, and whether anybody is asked who they are. */
import { asFault, type Fault } from '$lib/api/fault';
import { ask, manager } from '$lib/api/client';
import { keepFresh, refreshSession } from '$lib/api/refresh';
import type { components } from '$lib/api/manager';
import { forgetCached } from './resource.svelte';

type Caller = components['schemas']['Caller'];

export type SessionState = 'unknown' | 'signed-out' | 'in' | 'unreachable';

class Session {
  state = $state<SessionState>('unknown');
  caller = $state<Caller | null>(null);
  /** Whether there is no user yet. */
  needsSetup = $state(false);
  /** `open`: whoever is on this machine may come in; `closed`: a key or a session is asked for. */
  mode = $state<'open' | 'closed'>('closed');
  fault = $state<Fault | null>(null);

  get isAdmin(): boolean {
    return this.caller?.scopes.includes('admin') ?? false;
  }

  /** Somebody with a user of their own, not whoever sits at an open machine. */
  get isAccount(): boolean {
    return this.caller?.session_id != null;
  }

  /** Find out. Never throws: `state` and `fault` say what came of it. */
  async look(): Promise<void> {
    try {
      const status = await ask(manager.GET('/api/v1/auth/status'));
      this.needsSetup = status.needs_setup;
      this.mode = status.mode === 'open' ? 'open' : 'closed';
      // Also tells when the access token ends, which no script can read.
      const isRefreshed = status.needs_setup ? false : await refreshSession();
      if (!isRefreshed && this.mode === 'closed') {
        this.#out();
        return;
      }
      this.#in(await ask(manager.GET('/api/v1/auth/me')));
    } catch (thrown) {
      const fault = asFault(thrown);
      if (fault.isSignedOut) {
        this.#out();
        return;
      }
      this.fault = fault;
      if (this.state === 'unknown') this.state = 'unreachable';
    }
  }

  async setUp(name: string, password: string, token: string | null): Promise<void> {
    const signedIn = await ask(manager.POST('/api/v1/auth/setup', { body: { name, password, token } }));
    keepFresh(signedIn.expires_in);
    await this.#come();
  }

  async signIn(name: string, password: string): Promise<void> {
    const signedIn = await ask(manager.POST('/api/v1/auth/sign-in', { body: { name, password } }));
    keepFresh(signedIn.expires_in);
    await this.#come();
  }

  async signOut(): Promise<void> {
    await ask(manager.POST('/api/v1/auth/sign-out'));
    this.#out();
  }

  /** A request was refused for want of a session. */
  lost(): void {
    this.#out();
  }

  async #come(): Promise<void> {
    // First of all: a page that sees the rest change must know who it is.
    const caller = await ask(manager.GET('/api/v1/auth/me'));
    forgetCached();
    this.#in(caller);
    this.needsSetup = false;
    this.mode = 'closed';
  }

  #in(caller: Caller): void {
    if (this.caller !== null && this.caller.id !== caller.id) forgetCached();
    this.caller = caller;
    this.fault = null;
    this.state = 'in';
  }

  #out(): void {
    keepFresh(0);
    forgetCached();
    this.caller = null;
    this.state = 'signed-out';
  }
}

export const session = new Session();
