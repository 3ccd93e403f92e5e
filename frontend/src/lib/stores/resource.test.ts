import { describe, expect, it } from 'vitest';
import { Fault } from '$lib/api/fault';
import { forgetCached, Resource } from './resource.svelte';

describe('what a page shows', () => {
  it('is there at once after a reload', async () => {
    const first = new Resource(async () => ['a'], 'list');
    await first.refresh();
    const again = new Resource<string[]>(() => new Promise(() => undefined), 'list');
    expect(again.data).toEqual(['a']);
    void again.refresh();
    expect(again.data).toEqual(['a']);
    expect(again.isLoading).toBe(true);
  });

  it('stays when asking anew fails, and says so', async () => {
    let isDown = false;
    const list = new Resource(async () => {
      if (isDown) throw new Fault('down', 503, 'server_unavailable');
      return ['a'];
    });
    await list.refresh();
    isDown = true;
    await list.refresh();
    expect(list.data).toEqual(['a']);
    expect(list.fault?.code).toBe('server_unavailable');
    isDown = false;
    await list.refresh();
    expect(list.fault).toBeNull();
  });

  it('is the newest answer, whatever comes last', async () => {
    const answers: ((value: string) => void)[] = [];
    const list = new Resource(() => new Promise<string>((resolve) => answers.push(resolve)));
    const slow = list.refresh();
    const quick = list.refresh();
    answers[1]?.('new');
    await quick;
    answers[0]?.('old');
    await slow;
    expect(list.data).toBe('new');
  });

  it('is gone for whoever looks next, also what is still on its way', async () => {
    let answer: (value: string[]) => void = () => undefined;
    const list = new Resource(() => new Promise<string[]>((resolve) => (answer = resolve)), 'private');
    list.set(['mine']);
    const coming = list.refresh();
    forgetCached();
    answer(['mine, too']);
    await coming;
    expect(list.data).toBeNull();
    expect(new Resource(async () => [], 'private').data).toBeNull();
  });
});
