import { expect, it } from 'vitest';
import { Fault } from '$lib/api/fault';
import { Submission } from './submission.svelte';

it('is done once at a time', async () => {
  const sending = new Submission();
  let end: () => void = () => undefined;
  let count = 0;
  const work = () => new Promise<void>((resolve) => ((count += 1), (end = resolve)));
  const first = sending.run(work);
  await sending.run(work);
  expect([count, sending.isBusy]).toEqual([1, true]);
  end();
  await first;
  expect(sending.isBusy).toBe(false);
});

it('says why it was refused, until it is tried again', async () => {
  const sending = new Submission();
  await sending.run(() => Promise.reject(new Fault('no', 400, 'invalid_request')));
  expect([sending.fault?.code, sending.isBusy]).toEqual(['invalid_request', false]);
  await sending.run(() => Promise.resolve());
  expect(sending.fault).toBeNull();
});
