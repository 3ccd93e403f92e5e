/** What is done to a user at once; what needs a word first goes through a dialog. */
import { asFault } from '$lib/api/fault';
import type { User } from '$lib/api/types';
import { toasts } from '$lib/stores/toasts.svelte';
import { users } from '$lib/stores/users.svelte';
import { usersStrings } from '$lib/strings';

/** Do it, and say what came of it. */
async function saying(what: Promise<void>, done: string): Promise<void> {
  try {
    await what;
    toasts.show(done);
  } catch (thrown) {
    toasts.show(asFault(thrown).message, { kind: 'fail' });
    void users.list.refresh();
  }
}

export const approve = (user: User): Promise<void> =>
  saying(users.approve(user), usersStrings.approved(user.name));

export const enable = (user: User): Promise<void> =>
  saying(users.enable(user), usersStrings.enabled(user.name));

export const makeAdmin = (user: User): Promise<void> =>
  saying(users.setRole(user, 'admin'), usersStrings.isNow(user.name, usersStrings.roles.admin));
