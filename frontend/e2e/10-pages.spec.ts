/** Every page, as anybody meets it: nothing foreign, nothing in the console, nothing that keeps somebody out. */
import { expect, seriousFaults, test } from './rig';

const PAGES = ['chat', 'models', 'server', 'connect', 'keys', 'users', 'settings', 'about'];

for (const name of PAGES) {
  test(`${name} can be used by everybody`, async ({ adminPage: page, stack }) => {
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(stack.manager)) foreign.push(request.url());
    });
    await page.goto(`/${name}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFaults(page)).toEqual([]);
    }
    expect(foreign).toEqual([]);
  });
}
