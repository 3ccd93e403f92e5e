/** How much a first visit costs, and that a proxy may show the pages under any path. */
import { expect, signIn, test } from './rig';
import { startStack } from './rig/stack';

const MOST_BYTES = 200_000;

test('the first load is light @short', async ({ adminPage: page }) => {
  const sizes = new Map<string, number>();
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  const names = new Map<string, string>();
  client.on('Network.responseReceived', ({ requestId, response }) => names.set(requestId, response.url));
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const path = new URL(names.get(requestId) ?? 'about:blank').pathname;
    if (!path.startsWith('/api/')) sizes.set(path, encodedDataLength);
  });
  await page.goto('/chat');
  await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
  await page.waitForLoadState('load');
  const sum = [...sizes.values()].reduce((total, size) => total + size, 0);
  test.info().annotations.push({ type: 'first load', description: `${sum} bytes of ${sizes.size} files` });
  console.log(`first load: ${sum} bytes of ${sizes.size} files`);
  expect(sizes.size).toBeGreaterThan(5);
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
