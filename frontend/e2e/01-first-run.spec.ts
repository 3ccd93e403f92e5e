/** A newcomer's first minutes: a user, a chat that streams, a tool, a stop, and all of it found again. */
import { ADMIN, expect, test } from './rig';

const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'read_file',
      description: 'Read a file',
      parameters: {
        type: 'object',
        properties: { path: { type: 'string' } },
        required: ['path'],
        additionalProperties: false
      }
    }
  }
];

test('first run, chat, tool, stop, history @short', async ({ page, stack }) => {
  await test.step('open: everybody on this machine may come in', async () => {
    await page.goto('/');
    await expect(page).toHaveURL(/\/welcome$/);
    await expect(page.getByRole('heading', { level: 1, name: 'Welcome' })).toBeVisible();
  });

  await test.step('the first administrator', async () => {
    await page.getByLabel('Name', { exact: true }).fill(ADMIN.name);
    await page.getByLabel('Password', { exact: true }).fill(ADMIN.password);
    await page.getByLabel('The same again', { exact: true }).fill(ADMIN.password);
    await page.getByRole('button', { name: 'Make the administrator and sign in' }).click();
    await expect(page).toHaveURL(/\/chat$/);
    expect((await page.request.get(`${stack.manager}/api/v1/auth/status`)).ok()).toBe(true);
    const stranger = await fetch(`${stack.manager}/api/v1/chats`);
    expect(stranger.status).toBe(401);
  });

  const message = page.getByRole('textbox', { name: 'Message' });
  await test.step('an answer of the demo', async () => {
    await page.getByRole('button', { name: /^Model: / }).click();
    await page.getByRole('option', { name: /demo / }).click();
    await message.fill('What is 17 + 25?');
    await message.press('Enter');
    const answer = page.getByRole('article', { name: 'demo answered' });
    await expect(answer).toContainText('17 + 25 = 42.');
    await expect(answer).toContainText('tok/s');
    await expect(answer).toContainText('first token after');
    await expect(page).toHaveURL(/\/chat\?chat=chat_/);
  });

  await test.step('a tool: its call, a result, the answer', async () => {
    await page.getByRole('link', { name: 'New chat' }).click();
    await expect(page).toHaveURL(/\/chat$/);
    await page.getByRole('button', { name: 'Chat options' }).click();
    const options = page.getByRole('dialog');
    await options.getByRole('textbox', { name: /^Tools/ }).fill(JSON.stringify(TOOLS));
    await options.getByRole('textbox', { name: 'Temperature' }).fill('0');
    await options.getByRole('button', { name: 'Close' }).click();
    await message.fill('Read the file notes.txt');
    await message.press('Enter');
    await expect(page.getByRole('heading', { name: 'Called read_file' })).toBeVisible();
    await expect(page.getByText('"path": "notes.txt"')).toBeVisible();
    await page.getByLabel('What read_file returned').fill('buy seven lemons');
    await page.getByRole('button', { name: 'Send the result' }).click();
    const answers = page.getByRole('article', { name: 'demo answered' });
    await expect(answers.nth(1)).toContainText('buy seven lemons');
  });

  await test.step('a stop keeps what was written', async () => {
    await page.getByRole('link', { name: 'New chat' }).click();
    await page.getByRole('button', { name: /^Model: / }).click();
    await page.getByRole('option', { name: /endless / }).click();
    await message.fill('Tell me everything');
    await message.press('Enter');
    const answer = page.getByRole('article', { name: 'endless answered' });
    await expect(answer.getByText(/Writing|Thinking/)).toBeVisible();
    await expect(answer.getByText(/tok\/s/)).toBeVisible();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect(answer).toContainText('Stopped. What was written stays.');
    const kept = (await answer.locator('.chat-text').innerText()).trim();
    expect(kept.length).toBeGreaterThan(0);
    await page.reload();
    await expect(answer).toContainText('Stopped. What was written stays.');
    expect((await answer.locator('.chat-text').innerText()).trim()).toBe(kept);
  });

  await test.step('history finds it', async () => {
    const history = page.getByRole('navigation', { name: 'Chats' });
    await history.getByRole('searchbox', { name: 'Search chats' }).fill('lemons');
    await history.getByRole('link', { name: /Read the file notes.txt/ }).click();
    await expect(page.getByRole('heading', { name: 'Called read_file' })).toBeVisible();
    await page.goBack();
    await expect(page.getByRole('article', { name: 'endless answered' })).toBeVisible();
  });
});
