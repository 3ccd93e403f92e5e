/** One chat in two tabs, a reload and a lost connection in mid-answer: nothing that was written is lost. */
import { expect, test, watch, type Stack } from './rig';
import type { Page } from '@playwright/test';

const text = (page: Page) => page.getByRole('article', { name: 'endless answered' }).locator('.chat-text');

async function ask(page: Page, stack: Stack): Promise<string> {
  const origin = { Origin: stack.manager };
  const made = await page.request.post(`${stack.manager}/api/v1/chats`, {
    data: { model: 'endless', parameters: { max_tokens: 100_000 } },
    headers: origin
  });
  const chat = (await made.json()) as { id: string };
  await page.goto(`/chat?chat=${chat.id}`);
  const message = page.getByRole('textbox', { name: 'Message' });
  await message.fill('Tell me everything');
  await message.press('Enter');
  // Its model may have to be loaded first.
  await expect(text(page)).toBeVisible({ timeout: 90_000 });
  return chat.id;
}

const length = async (page: Page) => (await text(page).innerText()).length;

test('two tabs see the same answer, and either stops it', async ({ adminPage: first, stack }) => {
  const chat = await ask(first, stack);
  const second = await first.context().newPage();
  const faults = watch(second);
  await second.goto(`/chat?chat=${chat}`);
  await expect.poll(() => length(second)).toBeGreaterThan(200);
  await second.getByRole('button', { name: 'Stop', exact: true }).click();
  for (const page of [first, second]) {
    await expect(page.getByText('Stopped. What was written stays.')).toBeVisible();
  }
  expect(await text(first).innerText()).toBe(await text(second).innerText());
  expect(faults).toEqual([]);
});

test('a reload in mid-answer goes on where it was', async ({ adminPage: page, stack }) => {
  await ask(page, stack);
  await expect.poll(() => length(page)).toBeGreaterThan(200);
  const before = await text(page).innerText();
  await page.reload();
  await expect.poll(() => length(page)).toBeGreaterThan(before.length + 100);
  expect((await text(page).innerText()).startsWith(before.slice(0, 100))).toBe(true);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('Stopped. What was written stays.')).toBeVisible();
});

test('a lost connection is shown and comes back by itself', async ({
  adminPage: page,
  stack,
  allowFaults
}) => {
  test.setTimeout(300_000);
  allowFaults(/ERR_INTERNET_DISCONNECTED|Failed to load resource|net::ERR/);
  await ask(page, stack);
  await expect.poll(() => length(page)).toBeGreaterThan(100);
  await page.context().setOffline(true);
  // What is open is ended by the first silence that is too long, at the latest.
  await expect(page.getByText('The connection to the manager is lost.')).toBeVisible({ timeout: 90_000 });
  await page.context().setOffline(false);
  await expect(page.getByText('The connection to the manager is lost.')).toHaveCount(0);
  const before = await length(page);
  await expect.poll(() => length(page)).toBeGreaterThan(before + 100);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('Stopped. What was written stays.')).toBeVisible();
});
