/** On a phone: everything is reached, and nothing is wider than the screen. */
import { expect, seriousFaults, test } from './rig';

const PAGES = ['chat', 'models', 'server', 'connect', 'keys', 'users', 'settings', 'about'];

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: 'dark' });

test('pages on a phone, in the dark', async ({ adminPage: page }) => {
  for (const name of PAGES) {
    await test.step(name, async () => {
      await page.goto(`/${name}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
      await page.waitForLoadState('networkidle', { timeout: 2000 }).catch(() => undefined);
      const [shown, wanted] = await page.evaluate(() => [
        document.documentElement.clientWidth,
        Math.max(document.documentElement.scrollWidth, document.querySelector('main')?.scrollWidth ?? 0)
      ]);
      expect(wanted, `${name} is wider than the screen`).toBeLessThanOrEqual(shown ?? 0);
      expect(await seriousFaults(page)).toEqual([]);
    });
  }
  await page.getByRole('button', { name: 'Open the navigation' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Keys' }).click();
  await expect(page).toHaveURL(/\/keys$/);
  await expect(page.getByRole('dialog')).toHaveCount(0);
});
