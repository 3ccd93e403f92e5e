/** How much a first visit costs, and that a proxy may show the pages under any path. */
import { expect, signIn, test } from './rig';
import { startStack } from './rig/stack';

const MOST_BYTES = 200_000;

test('the first load is light @short', async ({ adminPage: page }) => {
  // Of each file as it is sent, compressed, without its headers.
  const sizes = new Map<string, number>();
  page.on('response', (response) => {
    const length = response.headers()['content-length'];
    if (length !== undefined) sizes.set(new URL(response.url()).pathname, Number(length));
  });
  await page.goto('/chat');
  await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
  // All of the page is there when it can be written to and knows its model.
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Model: / })).toBeVisible();
  await page.evaluate(() => document.fonts.ready);
  // What the page names itself, and its fonts; what it fetches when there is something to show comes later.
  const html = await (await page.request.get('/chat')).text();
  const named = [...html.matchAll(/"\.\/([^"]+)"/g)].map((found) => `/${found[1]}`);
  const first = new Set([...named, '/chat']);
  const counted = [...sizes].filter(([path]) => first.has(path) || path.endsWith('.woff2'));
  const sum = counted.reduce((total, [, size]) => total + size, 0);
  test
    .info()
    .annotations.push({ type: 'first load', description: `${sum} bytes of ${counted.length} files` });
  console.log(`first load: ${sum} bytes of ${counted.length} files`);
  expect(counted.length).toBeGreaterThan(20);
  expect(sum).toBeLessThan(MOST_BYTES);
});

test('under a path of a proxy', async ({ browser }) => {
  test.setTimeout(180_000);
  const stack = await startStack({ MLX_MANAGER_ROOT_PATH: '/tools/mlx', MLX_MANAGER_START_SERVER: 'true' });
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${stack.manager}/tools/mlx`);
    await expect(page).toHaveURL(`${stack.manager}/tools/mlx/welcome`);
    await signIn(page.context(), stack);
    for (const name of ['models', 'server', 'about']) {
      await page.goto(`${stack.manager}/tools/mlx/${name}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    }
    await page.getByRole('link', { name: 'Keys' }).click();
    await expect(page).toHaveURL(`${stack.manager}/tools/mlx/keys`);
  } finally {
    await stack.end();
  }
});
