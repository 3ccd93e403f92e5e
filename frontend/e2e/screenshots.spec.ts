/** Pictures of every page with real content, light and dark, wide and narrow: `make screenshots`. */
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, signIn, test, type Stack } from './rig';
import { failAt } from './rig/hub';

const FOLDER = path.resolve(import.meta.dirname, '../../docs/screenshots');
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const SCHEMES = ['light', 'dark'] as const;

let chatPage = '';
const end = new AbortController();

async function call<Data>(
  page: Page,
  stack: Stack,
  method: string,
  to: string,
  data?: unknown
): Promise<Data> {
  const answer = await page.request.fetch(stack.manager + to, {
    method,
    ...(data === undefined ? {} : { data: data as object }),
    headers: { Origin: stack.manager }
  });
  expect(answer.ok(), `${method} ${to}: ${await answer.text()}`).toBe(true);
  return (answer.status() === 204 ? undefined : await answer.json()) as Data;
}

/** A chat in which these questions have been answered; its id. */
async function talk(page: Page, stack: Stack, questions: string[], system_prompt = ''): Promise<string> {
  const chat = await call<{ id: string }>(page, stack, 'POST', '/api/v1/chats', {
    model: 'demo',
    system_prompt
  });
  for (const content of questions) {
    const { answer } = await call<{ answer: { id: string } }>(
      page,
      stack,
      'POST',
      `/api/v1/chats/${chat.id}/messages`,
      { content, parameters: { temperature: 0 } }
    );
    const at = `/api/v1/chats/${chat.id}/messages/${answer.id}`;
    await expect
      .poll(async () => (await call<{ status: string }>(page, stack, 'GET', at)).status)
      .toBe('complete');
  }
  return chat.id;
}

/** What somebody would have after some days: chats, keys, users, two models, a download, requests. */
async function furnish(page: Page, stack: Stack): Promise<void> {
  for (const question of ['Which port does the server use?', 'Hello', 'What can you do?']) {
    await talk(page, stack, [question]);
  }
  const folder = await call<{ id: string }>(page, stack, 'POST', '/api/v1/chats/folders', {
    name: 'Household'
  });
  const filed = await talk(page, stack, ['What is 12 + 30?']);
  await call(page, stack, 'PATCH', `/api/v1/chats/${filed}`, { folder_id: folder.id, title: 'Sums' });
  const chat = await talk(page, stack, [
    'What is MLX Manager?',
    'Think first: what is 31 + 8?',
    'How do I download a model?'
  ]);
  chatPage = `/chat?chat=${chat}`;
  for (const [name, more] of [
    ['laptop', {}],
    ['editor', { requests_per_minute: 60, models: ['demo'] }],
    ['backup script', { scopes: ['admin'], expires_in_days: 5 }]
  ] as const) {
    await call(page, stack, 'POST', '/api/v1/keys', { name, ...more });
  }
  await call(page, stack, 'POST', '/api/v1/users', {
    name: 'second-user',
    password: 'a long enough password 3'
  });
  await fetch(`${stack.manager}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'newcomer', password: 'a long enough password 4' })
  });
  await failAt(stack, {
    kind: 'trickle',
    where: '*mlx-community/Large-4bit/model.safetensors',
    num_bytes: 900_000
  });
  await call(page, stack, 'POST', '/api/v1/downloads', { repo_id: 'mlx-community/Large-4bit' });
  await call(page, stack, 'POST', '/api/v1/downloads', { repo_id: 'mlx-community/Qwen3-0.6B-4bit' });
  await call(page, stack, 'POST', '/admin/models/second/load');
  keepBusy(page, stack, 'endless');
  keepBusy(page, stack, 'endless');
  await expect
    .poll(async () => {
      const { data } = await call<{ data: { completion_tokens: number }[] }>(
        page,
        stack,
        'GET',
        '/admin/requests'
      );
      return data.some((request) => request.completion_tokens > 100);
    })
    .toBe(true);
}

/** A request that goes on until the end. */
function keepBusy(page: Page, stack: Stack, model: string): void {
  void page
    .context()
    .request.post(`${stack.manager}/v1/chat/completions`, {
      data: {
        model,
        stream: true,
        max_tokens: 500_000,
        messages: [{ role: 'user', content: 'Tell me everything about memory. '.repeat(40) }]
      },
      headers: { Origin: stack.manager },
      timeout: 0
    })
    .catch(() => undefined);
}

async function picture(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.mouse.move(viewport.width - 2, viewport.height - 2);
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({
        path: path.join(FOLDER, `${name}-${size}-${colorScheme}.png`),
        animations: 'disabled'
      });
    }
  }
}

test.afterAll(() => end.abort());

test('pictures', async ({ page, stack, allowFaults }) => {
  test.setTimeout(600_000);
  allowFaults(/Failed to load resource/);
  await page.goto('/welcome');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await picture(page, 'welcome');
  await signIn(page.context(), stack);
  await furnish(page, stack);
  const shots: [string, string, (() => Promise<void>)?][] = [
    ['chat', chatPage, () => expect(page.getByRole('article', { name: 'demo answered' })).toHaveCount(3)],
    ['chat-new', '/chat'],
    ['models', '/models', () => expect(page.getByText(/\/s/).first()).toBeVisible()],
    [
      'discover',
      '/models?tab=discover',
      () => expect(page.getByText('Qwen3-0.6B-8bit').first()).toBeVisible()
    ],
    [
      'model',
      '/models?model=second',
      () => expect(page.getByRole('heading', { level: 1, name: 'second' })).toBeVisible()
    ],
    ['server', '/server'],
    ['requests', '/server?tab=requests'],
    ['logs', '/server?tab=logs'],
    ['connect', '/connect?client=claude-code&model=demo'],
    ['keys', '/keys', () => expect(page.getByText('laptop').first()).toBeVisible()],
    ['users', '/users', () => expect(page.getByText('newcomer').first()).toBeVisible()],
    ['settings', '/settings', () => expect(page.getByText('MLX_SERVER_MAX_MEMORY_GB').first()).toBeVisible()],
    ['about', '/about']
  ];
  for (const [name, address, isThere] of shots) {
    await test.step(name, async () => {
      await page.setViewportSize(SIZES.wide);
      await page.goto(address);
      await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
      await isThere?.();
      // Curves have a past to show.
      await page.waitForTimeout(name === 'server' ? 6000 : 1200);
      await picture(page, name);
    });
  }
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await picture(page, 'sign-in');
});
