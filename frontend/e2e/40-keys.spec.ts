/** A key of a program's: made, shown once, used, tested, seen by the administrator, and revoked. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, test, type Stack } from './rig';

const PYTHON = process.env.PYTHON ?? path.resolve(import.meta.dirname, '../../.venv/bin/python');

/** A program of somebody's with the SDK, as its own documentation begins. */
const PROGRAM = `
import os, openai
client = openai.OpenAI(base_url=os.environ["ADDRESS"], api_key=os.environ["KEY"], max_retries=0)
try:
    answer = client.chat.completions.create(
        model="demo", messages=[{"role": "user", "content": "What is 17 + 25?"}], max_tokens=40, temperature=0
    )
    print(answer.choices[0].message.content)
except openai.APIStatusError as error:
    print(error.status_code, error.code)
`;

function runProgram(stack: Stack, key: string): Promise<string> {
  const env = { PATH: process.env.PATH, ADDRESS: `${stack.manager}/v1`, KEY: key };
  return new Promise((resolve, reject) => {
    execFile(PYTHON, ['-c', PROGRAM], { env, timeout: 60_000 }, (fault, said, wrong) => {
      if (fault) reject(new Error(wrong, { cause: fault }));
      else resolve(said.trim());
    });
  });
}

test('a key lets a program in until it is revoked', async ({ adminPage: page, stack, allowFaults }) => {
  allowFaults(/Failed to load resource.* 401/);
  let key = '';

  await test.step('made with limits, it is shown once', async () => {
    await page.goto('/keys');
    await page.getByRole('button', { name: 'Make a key' }).first().click();
    const form = page.getByRole('dialog', { name: 'Make a key' });
    await form.getByRole('button', { name: 'Make the key' }).click();
    await expect(form.getByText('This is needed.')).toBeVisible();
    await form.getByLabel('Name', { exact: true }).fill('editor');
    await form.getByRole('radio', { name: 'Only these' }).check();
    await form.getByRole('checkbox', { name: 'demo', exact: true }).check();
    await form.getByLabel('Requests a minute').fill('30');
    await form.getByLabel('Tokens a day').fill('50000');
    await form.getByRole('button', { name: 'Make the key' }).click();

    const made = page.getByRole('dialog', { name: 'editor is made' });
    await expect(made).toContainText('it is shown this once');
    await made.getByRole('button', { name: 'Show the key' }).click();
    key = await made.getByRole('group', { name: 'The key' }).locator('code').innerText();
    await made.getByRole('button', { name: 'Done' }).click();
    await page.reload();
    const row = page.getByRole('row', { name: /editor/ });
    await expect(row).toContainText('demo');
    await expect(row).toContainText('30 requests a minute');
    await expect(row).toContainText('50,000 tokens a day');
    await expect(row).toContainText('Not yet');
    expect(await page.content()).not.toContain(key);
  });

  await test.step('a program gets an answer with it', async () => {
    expect(await runProgram(stack, key)).toBe('17 + 25 = 42.');
    await page.reload();
    await expect(page.getByRole('row', { name: /editor/ })).not.toContainText('Not yet');
  });

  const given = page.getByLabel('Use a key that you have');
  const trial = page.getByRole('region', { name: 'Test it' });
  await test.step('it is tested in Connect', async () => {
    await page.goto('/connect?client=openai-python&model=demo');
    await expect(page.getByText('This server wants a key.', { exact: false })).toBeVisible();
    await expect(trial.getByRole('button', { name: 'Test it' })).toBeDisabled();
    await page.getByText('Use a key that you have').first().click();
    await given.fill(key);
    await trial.getByRole('button', { name: 'Test it' }).click();
    await expect(trial.getByRole('status')).toHaveText('It works: 200');
    await expect(trial).toContainText('Say hello in one sentence.');
    await expect(trial.getByRole('term').filter({ hasText: 'First token' })).toBeVisible();
  });

  await test.step('an administrator sees whose it is', async () => {
    await page.goto('/keys');
    await page.getByRole('switch', { name: 'Everybody’s keys' }).click();
    await expect(page.getByRole('columnheader', { name: 'Whose' })).toBeVisible();
    await expect(page.getByRole('row', { name: /editor/ })).toContainText('first-admin');
    await page.reload();
    await expect(page.getByRole('switch', { name: 'Everybody’s keys' })).toBeChecked();
  });

  await test.step('revoked, it lets nobody in', async () => {
    await page.getByRole('button', { name: 'Change or revoke editor' }).click();
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke editor?' });
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await expect(page.getByText('editor is revoked.')).toBeVisible();
    await expect(page.getByRole('row', { name: /editor/ })).toHaveCount(0);
    expect(await runProgram(stack, key)).toBe('401 invalid_api_key');
    await page.goto('/connect?client=openai-python&model=demo');
    await page.getByText('Use a key that you have').first().click();
    await given.fill(key);
    await trial.getByRole('button', { name: 'Test it' }).click();
    await expect(trial.getByRole('status')).toHaveText('It failed: 401');
    await expect(trial.getByRole('alert')).toContainText('Make another one above.');
  });
});
