/** What every test of the web UI stands on. */
import AxeSource from 'axe-core';
import {
  test as base,
  expect,
  type APIRequestContext,
  type BrowserContext,
  type Page
} from '@playwright/test';
import { startStack, type Stack } from './stack';

export { expect };
export type { Stack };

/** The first administrator, who is made by whichever test comes first. */
export const ADMIN = { name: 'first-admin', password: 'a long enough password 1' };

interface Fixtures {
  /** A page of nobody's; a fault in its console fails the test. */
  page: Page;
  /** A page of the administrator's. */
  adminPage: Page;
  /** Let the next faults of the console pass that match this. */
  allowFaults: (pattern: RegExp) => void;
}

interface WorkerFixtures {
  stack: Stack;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  stack: [
    async ({}, use) => {
      const stack = await startStack();
      await use(stack);
      await stack.end();
    },
    { scope: 'worker', timeout: 180_000 }
  ],
  baseURL: async ({ stack }, use) => use(stack.manager),
  allowFaults: async ({}, use, info) => {
    const patterns: RegExp[] = [];
    allowed.set(info.testId, patterns);
    await use((pattern) => patterns.push(pattern));
  },
  page: async ({ page, allowFaults: _ }, use, info) => {
    const faults = watch(page);
    await use(page);
    expect(unexpected(faults, info.testId), 'faults in the console').toEqual([]);
  },
  adminPage: async ({ page, stack }, use) => {
    await signIn(page.context(), stack);
    await use(page);
  }
});

const allowed = new Map<string, RegExp[]>();

function unexpected(faults: string[], testId: string): string[] {
  const patterns = allowed.get(testId) ?? [];
  return faults.filter((fault) => !patterns.some((pattern) => pattern.test(fault)));
}

/** What a page's console says is wrong, from now on. */
export function watch(page: Page): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      faults.push(`${message.text()} (${message.location().url})`);
    }
  });
  return faults;
}

/** Let a browser be the administrator's; makes the user where there is none. */
export async function signIn(context: BrowserContext, stack: Stack, user = ADMIN): Promise<void> {
  const request: APIRequestContext = context.request;
  const origin = { Origin: stack.manager };
  const status = await (await request.get(`${stack.manager}/api/v1/auth/status`)).json();
  const answer = status.needs_setup
    ? await request.post(`${stack.manager}/api/v1/auth/setup`, { data: user, headers: origin })
    : await request.post(`${stack.manager}/api/v1/auth/sign-in`, { data: user, headers: origin });
  expect(answer.ok(), await answer.text()).toBe(true);
}

/** Faults of accessibility that keep somebody out, by axe's rules for WCAG 2.2 A and AA. */
export async function seriousFaults(page: Page): Promise<string[]> {
  // By the debugger and not as a script of the page's, whose policy lets no such script in.
  await page.evaluate(AxeSource.source);
  // A colour on its way to another one is neither.
  await page.waitForFunction(() =>
    document.getAnimations().every((animation) => !(animation instanceof CSSTransition))
  );
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof AxeSource };
    const found = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    });
    return found.violations
      .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
      .map(
        (violation) =>
          `${violation.id}: ${violation.help}: ${violation.nodes.map((node) => node.target.join(' ')).join('; ')}`
      );
  });
}
