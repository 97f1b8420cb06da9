import { describe, expect, it, vi } from 'vitest';
import { onAbort } from '../src/on-abort.ts';
import { openStage } from './support/supervised.ts';

describe('a signal that many wait for', () => {
  it('has one listener, calls each once, and forgets who was taken back', () => {
    const ending = new AbortController();
    const add = vi.spyOn(ending.signal, 'addEventListener');
    const remove = vi.spyOn(ending.signal, 'removeEventListener');
    const heard: number[] = [];
    const forgets = Array.from({ length: 2_000 }, (_, index) => onAbort(ending.signal, () => heard.push(index)));
    for (const forget of forgets.slice(1_000)) forget();
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 0]);
    ending.abort();
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    onAbort(ending.signal, () => heard.push(-1));
    expect(heard).toHaveLength(1_000);
  });

  it('has none once nobody waits, and one again for who comes later', () => {
    const ending = new AbortController();
    const remove = vi.spyOn(ending.signal, 'removeEventListener');
    const heard: string[] = [];
    onAbort(ending.signal, () => heard.push('first'))();
    expect(remove).toHaveBeenCalledTimes(1);
    onAbort(ending.signal, () => heard.push('second'));
    ending.abort();
    expect(heard).toEqual(['second']);
  });
});

describe('a supervisor whose callers share one signal', () => {
  it('makes Node warn of nothing: calls, wakings, commands, waits, readers of facts and logs', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true }) });
    const ending = new AbortController();
    const { signal } = ending;
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on('warning', onWarning);
    const each = <Result>(make: () => Result) => Array.from({ length: 100 }, make);
    const readers = [
      ...each(() => supervisor.facts({ signal })[Symbol.asyncIterator]().next()),
      ...each(() => supervisor.followLogs('a', { signal })[Symbol.asyncIterator]().next()),
    ];
    const calls = each(() => supervisor.callTool('a', 'echo', { text: 'x' }, { signal }));
    const waits = each(() => supervisor.ready({ signal }));
    await Promise.all([...calls, ...waits]);
    await Promise.all(each(() => supervisor.callTool('a', 'echo', { text: 'x' }, { signal })));
    await Promise.all(each(() => supervisor.send('a', { type: 'server.reset' }, { signal })));
    ending.abort();
    await Promise.all(readers);
    // Node tells of warnings in a turn of their own.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});
