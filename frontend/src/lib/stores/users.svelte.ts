/** Who there is, and who is invited. For administrators. */
import { ask, manager } from '$lib/api/client';
import type { components } from '$lib/api/manager';
import type { User } from '$lib/api/types';
import { Resource } from './resource.svelte';

export type Role = User['role'];
export type Invitation = components['schemas']['InvitationView'];
export type PasswordToken = components['schemas']['PasswordToken'];

const byId = (user: User) => ({ params: { path: { user_id: user.id } } });

class Users {
  list = new Resource<User[]>(async () => (await ask(manager.GET('/api/v1/users'))).data, 'users');
  invitations = new Resource<Invitation[]>(
    async () => (await ask(manager.GET('/api/v1/users/invitations'))).data,
    'invitations'
  );

  get pending(): User[] {
    return (this.list.data ?? []).filter((user) => user.status === 'pending');
  }

  /** Those who were let in, by name. */
  get others(): User[] {
    const others = (this.list.data ?? []).filter((user) => user.status !== 'pending');
    return others.sort((one, other) => one.name.localeCompare(other.name));
  }

  async refresh(): Promise<void> {
    await Promise.all([this.list.refresh(), this.invitations.refresh()]);
  }

  async approve(user: User): Promise<void> {
    this.#put(await ask(manager.POST('/api/v1/users/{user_id}/approve', byId(user))));
  }

  async disable(user: User): Promise<void> {
    this.#put(await ask(manager.POST('/api/v1/users/{user_id}/disable', byId(user))));
  }

  async enable(user: User): Promise<void> {
    this.#put(await ask(manager.POST('/api/v1/users/{user_id}/enable', byId(user))));
  }

  async setRole(user: User, role: Role): Promise<void> {
    this.#put(await ask(manager.PATCH('/api/v1/users/{user_id}', { ...byId(user), body: { role } })));
  }

  resetPassword(user: User): Promise<PasswordToken> {
    return ask(manager.POST('/api/v1/users/{user_id}/reset-password', byId(user)));
  }

  /** Without a password the answer has a token with which they set one. */
  async create(name: string, role: Role, password: string | null): Promise<PasswordToken | null> {
    const made = await ask(manager.POST('/api/v1/users', { body: { name, role, password } }));
    const { password_token, ...user } = made;
    this.#put(user);
    return password_token ?? null;
  }

  /** Its token, which is not shown again. */
  async invite(role: Role, hours: number): Promise<{ token: string; expires_at: string }> {
    const body = { role, expires_in_hours: hours };
    const { token, ...invitation } = await ask(manager.POST('/api/v1/users/invitations', { body }));
    this.invitations.set([invitation, ...(this.invitations.data ?? [])]);
    return { token, expires_at: invitation.expires_at };
  }

  async withdraw(invitation: Invitation): Promise<void> {
    const params = { path: { invitation_id: invitation.id } };
    await ask(manager.DELETE('/api/v1/users/invitations/{invitation_id}', { params }));
    this.invitations.set((this.invitations.data ?? []).filter((each) => each.id !== invitation.id));
  }

  #put(user: User): void {
    const others = (this.list.data ?? []).filter((each) => each.id !== user.id);
    this.list.set([...others, user]);
  }
}

export const users = new Users();
