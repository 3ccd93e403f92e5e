/** From a search on the hub to a model that is installed, verified and deleted; and what stands against it. */
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './rig';
import { askedFor, bytesSent, failAt, mend } from './rig/hub';

const LARGE = 'mlx-community/Large-4bit';
const WEIGHTS = `${LARGE}/model.safetensors`;
/** It takes two minutes at this rate: what is done meanwhile must not be in a hurry. */
const SLOW = { kind: 'trickle', where: `*${WEIGHTS}`, num_bytes: 512 * 1024 } as const;

/** The row of a model in whichever list is shown. */
const row = (list: Locator, id: string) =>
  list.getByRole('listitem').filter({ has: list.page().getByRole('link', { name: id, exact: true }) });

const hubList = (page: Page) => page.getByRole('region', { name: 'Models on the hub' });
const installedList = (page: Page) => page.getByRole('region', { name: 'Installed models' });
const downloads = (page: Page) => page.getByRole('region', { name: 'Downloads' });
const recent = (page: Page) => page.getByRole('region', { name: 'Recent' });

async function order(page: Page, id: string): Promise<void> {
  await row(hubList(page), id)
    .getByRole('button', { name: `Download ${id}` })
    .click();
}

test.afterEach(async ({ stack }) => mend(stack));

test('the hub is searched as one types', async ({ adminPage: page }) => {
  await page.goto('/models?tab=discover');
  const list = hubList(page);
  await expect(row(list, LARGE)).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search the hub' }).pressSequentially('Qwen3-0.6B');
  await expect(list.getByText('2 found')).toBeVisible();
  await expect(row(list, LARGE)).toHaveCount(0);
  await expect(page).toHaveURL(/search=Qwen3-0.6B/);

  const found = row(list, 'mlx-community/Qwen3-0.6B-4bit');
  await expect(found).toContainText('4-bit');
  await expect(found.getByTitle(/bytes$/)).toHaveText(/^[\d.,]+ kB$/);
  await expect(found).toContainText('5k downloads');
  // A closer look is asked for what is pointed at alone.
  await found.hover();
  await found.getByRole('button', { name: 'Fits in memory: why, and the numbers' }).click();
  const numbers = page.getByRole('dialog', { name: 'Memory' });
  await expect(numbers.getByRole('heading', { name: 'Memory: fits' })).toBeVisible();
  await expect(numbers).toContainText('Budget for models');
  await page.keyboard.press('Escape');

  await list.getByRole('combobox', { name: 'Quantisation' }).selectOption({ label: '8-bit' });
  await expect(list.getByText('1 found')).toBeVisible();
  await page.reload();
  await expect(list.getByText('1 found')).toBeVisible();
  await expect(row(list, 'mlx-community/Qwen3-0.6B-8bit')).toBeVisible();
});

test('a download is paused, found again, resumed; its model verified and deleted', async ({
  adminPage: page,
  stack
}) => {
  await failAt(stack, SLOW);
  await page.goto('/models?tab=discover');
  await order(page, LARGE);
  const tile = row(downloads(page), LARGE);
  const bar = tile.getByRole('progressbar', { name: `Download of ${LARGE}` });
  const share = async () => Number(await bar.getAttribute('aria-valuenow'));

  await test.step('it moves, and says how far it is', async () => {
    await expect(tile).toContainText('Downloading');
    await expect.poll(share).toBeGreaterThan(2);
    const before = await share();
    await expect.poll(share).toBeGreaterThan(before);
    await expect(tile).toContainText(/of 67 MB/);
    await expect(tile).toContainText(/[\d.]+ [kM]B\/s/);
    await expect(tile).toContainText(/left/);
  });

  await test.step('paused, nothing more comes, also after a reload', async () => {
    await tile.getByRole('button', { name: `Pause: ${LARGE}` }).click();
    await expect(tile).toContainText('Paused');
    const came = await bar.getAttribute('aria-valuetext');
    await settled(() => bytesSent(stack, WEIGHTS));
    const sent = await bytesSent(stack, WEIGHTS);
    await page.reload();
    await expect(tile).toContainText('Paused');
    expect(await bar.getAttribute('aria-valuetext')).toBe(came);
    expect(await bytesSent(stack, WEIGHTS)).toBe(sent);
  });

  await test.step('resumed, it goes on where it was, and is whole', async () => {
    const before = await share();
    await tile.getByRole('button', { name: `Resume: ${LARGE}` }).click();
    await expect(tile).toContainText('Downloading');
    await expect.poll(share).toBeGreaterThan(before);
    await mend(stack);
    await expect(row(recent(page), LARGE)).toContainText('Completed');
    const ranges = (await askedFor(stack, WEIGHTS)).map((asked) => asked.range);
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-/);
  });

  await test.step('it is among the installed without a reload', async () => {
    await expect(row(hubList(page), LARGE).getByRole('link', { name: 'Installed' })).toBeVisible();
    await page
      .getByRole('link', { name: /^Installed/ })
      .first()
      .click();
    await expect(row(installedList(page), LARGE)).toContainText('67 MB');
    await row(recent(page), LARGE)
      .getByRole('button', { name: `Dismiss: ${LARGE}` })
      .click();
    await expect(row(recent(page), LARGE)).toHaveCount(0);
  });

  await test.step('its page has its card and files; it is intact', async () => {
    await row(installedList(page), LARGE).getByRole('link', { name: LARGE }).click();
    await expect(page.getByRole('heading', { level: 1, name: LARGE })).toBeVisible();
    const card = page.getByRole('region', { name: 'Model card' });
    await expect(card.getByRole('heading', { name: LARGE })).toBeVisible();
    await expect(card).toContainText('A small model.');
    const files = page.getByRole('region', { name: 'Files', exact: true });
    await expect(files.getByRole('row', { name: /^model\.safetensors 67/ })).toBeVisible();
    await page.getByRole('button', { name: `Actions for ${LARGE}` }).click();
    await page.getByRole('menuitem', { name: 'Verify the files' }).click();
    await expect(page.getByText('Every file is as it should be.')).toBeVisible();
  });

  await test.step('deleted, it is gone', async () => {
    await page.getByRole('button', { name: `Actions for ${LARGE}` }).click();
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    const dialog = page.getByRole('dialog', { name: `Delete ${LARGE}?` });
    await expect(dialog).toContainText('67 MB');
    await dialog.getByRole('button', { name: 'Delete the model' }).click();
    await expect(page.getByText(`${LARGE} is deleted`)).toBeVisible();
    await expect(page).toHaveURL(/\/models$/);
    await expect(row(installedList(page), 'demo')).toBeVisible();
    await expect(row(installedList(page), LARGE)).toHaveCount(0);
  });
});

test('a queue: put first, cancel, dismiss', async ({ adminPage: page, stack }) => {
  const SECOND = 'mlx-community/Qwen3-0.6B-4bit';
  const THIRD = 'mlx-community/Qwen3-0.6B-8bit';
  await failAt(stack, SLOW);
  await page.goto('/models?tab=discover');
  const list = downloads(page);
  await order(page, LARGE);
  await expect(row(list, LARGE)).toContainText('Downloading');
  await order(page, SECOND);
  await expect(row(list, SECOND)).toContainText('Next in the queue');
  await order(page, THIRD);
  await expect(row(list, THIRD)).toContainText('Number 2 in the queue');

  await row(list, THIRD)
    .getByRole('button', { name: `Put first: ${THIRD}` })
    .click();
  await expect(row(list, THIRD)).toContainText('Next in the queue');
  await expect(row(list, SECOND)).toContainText('Number 2 in the queue');

  for (const id of [SECOND, THIRD, LARGE]) {
    await row(list, id)
      .getByRole('button', { name: `Cancel: ${id}` })
      .click();
    // Nobody is asked where nothing is lost.
    if (id === LARGE) {
      const dialog = page.getByRole('dialog', { name: `Cancel the download of ${id}?` });
      await dialog.getByRole('button', { name: 'Cancel the download' }).click();
    }
    await expect(row(recent(page), id)).toContainText('Cancelled');
    await row(recent(page), id)
      .getByRole('button', { name: `Dismiss: ${id}` })
      .click();
    await expect(row(recent(page), id)).toHaveCount(0);
  }
  await expect(list).toHaveCount(0);
});

test('what a model asks for first', async ({ adminPage: page, allowFaults }) => {
  allowFaults(/Failed to load resource.* 4\d\d/);
  await page.goto('/models?tab=discover');

  await test.step('a gated one says how to get access', async () => {
    const gated = 'mlx-community/Gated-4bit';
    await expect(row(hubList(page), gated)).toContainText('Gated');
    await row(hubList(page), gated).getByRole('link', { name: gated }).click();
    await expect(
      page.getByText('This model is gated, and the token that counts may not read it.')
    ).toBeVisible();
    await expect(page.getByText(/^Accept its terms on the hub with your account there/)).toBeVisible();
    await page.getByRole('button', { name: 'Set a token' }).click();
    const dialog = page.getByRole('dialog', { name: 'Token for the hub' });
    await expect(dialog.getByLabel('Access token')).toBeVisible();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: `Download ${gated}` }).click();
    const refused = page.getByRole('dialog', { name: `Download ${gated}` });
    await expect(refused.getByRole('alert')).toContainText('Accept its terms on the hub');
    await refused.getByRole('button', { name: 'Close' }).click();
  });

  await test.step('a pickled one wants to be allowed', async () => {
    const pickled = 'someone/Pickled';
    await page.goto('/models?tab=discover&search=Pickled');
    await order(page, pickled);
    const dialog = page.getByRole('dialog', { name: `${pickled} is refused unless you allow it` });
    const go = dialog.getByRole('button', { name: 'Download anyway' });
    await expect(dialog).toContainText('pytorch_model.bin');
    await expect(go).toBeDisabled();
    await dialog.getByRole('checkbox', { name: /^Allow pickled weights/ }).check();
    await go.click();
    await expect(dialog).toHaveCount(0);
    await expect(row(recent(page), pickled)).toContainText('Completed');
    await row(recent(page), pickled)
      .getByRole('button', { name: `Dismiss: ${pickled}` })
      .click();
    await expect(row(recent(page), pickled)).toHaveCount(0);
  });
});

test('without the hub, what is installed is still there', async ({ adminPage: page, stack, allowFaults }) => {
  allowFaults(/Failed to load resource.* 5\d\d/);
  await failAt(stack, { kind: 'status', status: 503 });
  await page.goto('/models?tab=discover&search=nothing-asked-before');
  const alert = hubList(page).getByRole('alert');
  await expect(alert).toContainText('The hub cannot be reached or has failed.');
  await page.getByRole('link', { name: /^Installed/ }).click();
  await page.getByRole('searchbox', { name: 'Search installed models' }).fill('');
  for (const id of ['demo', 'second']) await expect(row(installedList(page), id)).toBeVisible();
  await mend(stack);
  await page.goto('/models?tab=discover&search=nothing-asked-before');
  await page.getByRole('searchbox', { name: 'Search the hub' }).fill('Qwen3');
  await expect(row(hubList(page), 'mlx-community/Qwen3-0.6B-4bit')).toBeVisible();
});

/** Wait until it does not change any more. */
async function settled(read: () => Promise<number>): Promise<void> {
  let last = -1;
  await expect
    .poll(
      async () => {
        const [before, now] = [last, await read()];
        last = now;
        return now === before;
      },
      { intervals: [500] }
    )
    .toBe(true);
}
