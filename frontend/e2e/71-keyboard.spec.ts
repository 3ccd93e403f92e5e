/** By keyboard alone: to a page by its name, into a chat and back. */
import { expect, test } from './rig';

test('the command palette and the way into the page', async ({ adminPage: page }) => {
  await page.goto('/models');
  await expect(page.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible();
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog');
  await expect(palette).toBeVisible();
  await page.keyboard.type('keys');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/keys$/);
  await expect(palette).toHaveCount(0);
  await page.keyboard.press('Control+k');
  await expect(palette).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(palette).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#content')).toBeFocused();
});

test('the chosen colours stay', async ({ adminPage: page }) => {
  await page.goto('/about');
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const before = await ground();
  await page.getByRole('button', { name: /first-admin/ }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  await expect.poll(ground).not.toBe(before);
  const dark = await ground();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect(await ground()).toBe(dark);
});
