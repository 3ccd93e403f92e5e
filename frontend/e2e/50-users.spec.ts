/** Somebody registers, waits, is let in, and sees what is theirs. */
import { expect, test, watch } from './rig';

test('a user is approved', async ({ adminPage, browser, stack }) => {
  const newcomer = { name: 'newcomer', password: 'a long enough password 2' };
  const theirs = await (await browser.newContext({ baseURL: stack.manager })).newPage();
  await theirs.goto('/sign-in');
  await theirs.getByRole('link', { name: 'Register' }).click();
  await theirs.getByLabel('Name', { exact: true }).fill(newcomer.name);
  await theirs.getByLabel('Password', { exact: true }).fill(newcomer.password);
  await theirs.getByLabel('The same again', { exact: true }).fill(newcomer.password);
  await theirs.getByRole('button', { name: 'Register' }).click();
  await expect(theirs.getByText('newcomer is registered')).toBeVisible();
  await expect(theirs.getByText('mlx-manager users approve newcomer')).toBeVisible();

  await adminPage.goto('/users');
  const row = adminPage
    .getByRole('row', { name: /newcomer/ })
    .or(adminPage.getByRole('listitem').filter({ hasText: 'newcomer' }));
  await row.first().getByRole('button', { name: 'Approve' }).click();
  await expect(adminPage.getByText('newcomer may sign in now')).toBeVisible();

  await theirs.goto('/sign-in?to=/models');
  await theirs.getByLabel('Name', { exact: true }).fill(newcomer.name);
  await theirs.getByLabel('Password', { exact: true }).fill(newcomer.password);
  await theirs.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(theirs).toHaveURL(`${stack.manager}/models`);
  const faults = watch(theirs);
  // What is everybody's is shown, what is an administrator's is not offered.
  await expect(theirs.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(theirs.getByRole('link', { name: 'Users' })).toHaveCount(0);
  await theirs.goto('/chat');
  await expect(theirs.getByRole('textbox', { name: 'Message' })).toBeVisible();
  expect(faults).toEqual([]);
  // A page of theirs alone sends nobody elsewhere after signing in.
  await theirs.context().clearCookies();
  await theirs.goto('/sign-in?to=//evil.example/');
  await theirs.getByLabel('Name', { exact: true }).fill(newcomer.name);
  await theirs.getByLabel('Password', { exact: true }).fill(newcomer.password);
  await theirs.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(theirs).toHaveURL(new RegExp(`^${stack.manager}/chat`));
});
