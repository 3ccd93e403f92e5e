/** The server's page: models in memory, requests as they run, its log, and the server started anew. */
import type { Page } from '@playwright/test';
import { expect, test, type Stack } from './rig';

/** Long enough that what is kept of it is found again. */
const PREFIX = Array.from({ length: 120 }, (_, number) => `Rule ${number}: say what is asked.`).join(' ');

/** A request as a program sends it, with the administrator's key; it ends when the server ends it. */
async function ask(stack: Stack, key: string, body: object): Promise<{ ended: Promise<string> }> {
  const answer = await fetch(`${stack.manager}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
    body: JSON.stringify(body)
  });
  expect(answer.status).toBe(200);
  return { ended: answer.text() };
}

async function makeKey(page: Page, stack: Stack): Promise<string> {
  const made = await page.request.post(`${stack.manager}/api/v1/keys`, {
    data: { name: test.info().title, scopes: ['inference'] },
    headers: { Origin: stack.manager }
  });
  expect(made.ok(), await made.text()).toBe(true);
  return ((await made.json()) as { key: string }).key;
}

const part = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

test('a model is loaded, pinned and unloaded', async ({ adminPage: page }) => {
  await page.goto('/server');
  await part(page, 'Could be loaded').getByRole('button', { name: 'Load second' }).click();
  const resident = part(page, 'In memory')
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: 'second', exact: true }) });
  await expect(resident).toContainText('Loaded');
  await expect(resident).toContainText(/Weights\s*[\d.]+ MB/);
  await expect(resident).toContainText(/really held/);
  const memory = part(page, 'Memory');
  for (const name of ['Weights', 'KV caches', 'Kept prompts', 'Reserved', 'Free']) {
    await expect(memory.getByRole('term').filter({ hasText: name })).toBeVisible();
  }
  await expect(memory).toContainText('Memory is not short');

  await resident.getByRole('button', { name: /^Pin second/ }).click();
  await expect(resident.getByText('Pinned', { exact: true })).toBeVisible();
  await resident.getByRole('button', { name: /^Unpin second/ }).click();
  await expect(resident.getByText('Pinned', { exact: true })).toHaveCount(0);

  await resident.getByRole('button', { name: 'Unload second' }).click();
  await expect(resident).toHaveCount(0);
  await expect(part(page, 'Could be loaded').getByRole('button', { name: 'Load second' })).toBeVisible();
});

test('a request is seen while it runs, and ended', async ({ adminPage: page, stack }) => {
  const key = await makeKey(page, stack);
  await page.goto('/server?tab=requests&model=endless');
  const messages = [{ role: 'user', content: `${PREFIX} Begin.` }];
  const asked = await ask(stack, key, { model: 'endless', messages, stream: true, max_tokens: 60_000 });
  const table = part(page, 'Requests');
  const row = table.getByRole('row').filter({ hasText: 'endless' }).filter({ hasText: 'Writing' });
  await expect(row).toHaveCount(1);
  const output = async () => Number((await row.getByRole('cell').nth(5).innerText()).replace(/\D/g, ''));
  await expect.poll(output).toBeGreaterThan(0);
  const before = await output();
  await expect.poll(output).toBeGreaterThan(before);

  await row.getByRole('link', { name: 'Details of the request to endless' }).click();
  const sheet = page.getByRole('dialog', { name: 'Request to endless' });
  await expect(sheet.getByRole('figure', { name: 'Where the time went' })).toContainText(/Writing.*so far/);
  await sheet.getByRole('button', { name: 'End this request' }).click();
  const dialog = page.getByRole('dialog', { name: 'End this request?' });
  await dialog.getByRole('button', { name: 'End this request' }).click();
  const said = await asked.ended;
  expect(said.length).toBeGreaterThan(1000);
  expect(said.slice(-1000)).toMatch(/"code":\s*"cancelled"/);
  await expect(sheet.getByRole('status')).toHaveText('Cancelled');
  await sheet.getByRole('button', { name: 'Close' }).click();
  await expect(sheet).toHaveCount(0);
  await expect(table.getByRole('row').filter({ hasText: 'Cancelled' }).first()).toBeVisible();
});

test('what was kept of a prompt, and where another left it', async ({ adminPage: page, stack }) => {
  const key = await makeKey(page, stack);
  for (const question of ['What is 17 + 25?', 'Which day is it?']) {
    const messages = [{ role: 'user', content: `${PREFIX} ${question}` }];
    await (
      await ask(stack, key, { model: 'demo', messages, max_tokens: 8 })
    ).ended;
  }
  await page.goto('/server?tab=requests&model=demo');
  const row = part(page, 'Requests').getByRole('row').filter({ hasText: 'Finished' }).first();
  await expect(row).toContainText(/\d\d %|\d\d%/);
  await row.getByRole('link', { name: 'Details of the request to demo' }).click();
  const cache = page.getByRole('dialog').getByRole('region', { name: 'Kept prompts' });
  await expect(cache).toContainText('did not have to be read again');
  await expect(cache).toContainText(/The first difference is at token [\d,]+\. In message 1, of the user\./);
  await page.reload();
  await expect(cache).toContainText('did not have to be read again');
});

test('its log is followed', async ({ adminPage: page, stack }) => {
  const key = await makeKey(page, stack);
  await page.goto('/server?tab=logs&level=DEBUG');
  const log = part(page, 'Server');
  const lines = log.getByRole('listitem');
  await expect(lines.first()).toBeVisible();
  await expect(page.getByRole('switch', { name: 'Follow' })).toBeChecked();
  const answer = await fetch(`${stack.manager}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${key}`,
      'X-Request-Id': 'seen-in-the-log'
    },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 4 })
  });
  expect(answer.status).toBe(200);
  const fresh = lines.filter({ hasText: 'seen-in-the-log' });
  await expect(fresh.last()).toBeInViewport();
  await fresh.last().getByRole('button', { name: 'Show only request seen-in-the-log' }).click();
  await expect(page).toHaveURL(/q=seen-in-the-log/);
  await expect(lines.filter({ hasNotText: 'seen-in-the-log' })).toHaveCount(0);
});

test('started anew, it comes back by itself', async ({ adminPage: page, stack, allowFaults }) => {
  allowFaults(/Failed to load resource.* 50\d/);
  await page.goto('/server');
  const view = async () => {
    const answer = await page.request.get(`${stack.manager}/api/v1/server`);
    return (await answer.json()) as { pid: number; state: string };
  };
  const before = await view();
  const resident = part(page, 'In memory').getByRole('heading', { name: 'second', exact: true });
  await part(page, 'Could be loaded').getByRole('button', { name: 'Load second' }).click();
  await expect(resident).toBeVisible();

  await page.getByRole('button', { name: 'Restart', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Restart the server?' });
  await dialog.getByRole('button', { name: 'Restart' }).click();
  await expect(dialog).toHaveCount(0);
  await expect.poll(async () => (await view()).pid).not.toBe(before.pid);
  await expect.poll(async () => (await view()).state).toBe('running');
  await expect(page.getByRole('link', { name: /Server running/ })).toBeVisible();
  await expect(part(page, 'Memory')).toBeVisible();
  // What had been loaded by hand is not there; what there is, is.
  await expect(resident).toHaveCount(0);
  await part(page, 'Could be loaded').getByRole('button', { name: 'Load second' }).click();
  await expect(resident).toBeVisible();
});
