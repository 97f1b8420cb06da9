import { describe, expect, it, onTestFinished } from 'vitest';
import type { HostedTransports } from '../../../src/index.ts';
import type { Store } from '../../../src/store/contract.ts';
import { StoreError } from '../../../src/store/error.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import type { Supervisor } from '../../../src/supervisor/contract.ts';
import { openSupervisor } from '../../../src/supervisor/supervisor.ts';
import { type VirtualClock, virtualClock } from '../../../src/testing.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';

type Entry = Readonly<Record<string, unknown>>;

const tool = (name: string) => ({ name, description: `does ${name}`, inputSchema: { type: 'object' as const } });

/** Control planes one after another, each with the store of the one before. */
function openLives() {
  const clock = virtualClock();
  const store = createMemoryStore({ now: clock.now });
  const refuses = new Set<string>();
  const { transports: hosted } = hostInMemory({
    a: { tools: [tool('read'), tool('write')], answer: (name) => ({ content: [{ type: 'text', text: name }] }) },
    b: { tools: [tool('look')], answer: () => ({ content: [] }) },
  });
  const transports: HostedTransports = {
    async inside(entry, context) {
      if (hosted.inside === undefined || refuses.has(String(entry.who))) throw new Error('no such thing');
      return await hosted.inside(entry, context);
    },
  };
  const open = async (servers: Readonly<Record<string, Entry>>, opened: Store = store): Promise<Supervisor> => {
    const { supervisor } = await openSupervisor({
      config: { mcpServers: servers },
      openedStore: { ...opened, close: async () => {} },
      transports,
      clock,
      random: () => 0.5,
      env: {},
    });
    onTestFinished(() => supervisor.close());
    return supervisor;
  };
  return { clock, store, refuses, open };
}

async function settled(supervisor: Supervisor, clock: VirtualClock) {
  await clock.advance(1_000);
  return supervisor.status().servers.map(({ name, state, wanted }) => `${name} ${state} ${wanted}`);
}

describe('what a person wanted', () => {
  it('still counts in the next run', async () => {
    const { clock, open } = openLives();
    const entries = { ...insideEntries(['a']), ...insideEntries(['b'], { enabled: false }) };
    const first = await open(entries);
    expect(await settled(first, clock)).toEqual(['a connected up', 'b idle down']);
    await first.send('a', { type: 'server.stop' });
    await first.send('b', { type: 'server.start' });
    await first.close();

    const second = await open(entries);
    expect(await settled(second, clock)).toEqual(['a idle down', 'b connected up']);
    await second.send('a', { type: 'server.start' });
    await second.send('b', { type: 'server.stop' });
    await second.close();

    const third = await open(entries);
    expect(await settled(third, clock)).toEqual(['a connected up', 'b idle down']);
  });

  it('is kept when the command is answered', async () => {
    const { clock, store, open } = openLives();
    const supervisor = await open(insideEntries(['a']));
    await settled(supervisor, clock);
    const { kept } = supervisor.post('a', { type: 'server.stop' });
    await clock.advance(0);
    await kept();
    expect((await store.servers.read()).get('a')?.wanted).toBe('down');
  });

  it('is not waited for while the store is away', async () => {
    const { clock, store, open } = openLives();
    const reasons = { write: () => Promise.reject(new StoreError('unavailable', 'gone')) };
    const supervisor = await open(insideEntries(['a']), { ...store, servers: { ...store.servers, ...reasons } });
    await settled(supervisor, clock);
    const { kept, settled: stopped } = supervisor.post('a', { type: 'server.stop' });
    await Promise.all([kept(), clock.advance(400)]);
    await expect(stopped).resolves.toMatchObject({ outcome: 'done' });
  });

  it('gives way to a configuration that says something else', async () => {
    const { clock, open } = openLives();
    const first = await open(insideEntries(['a'], { enabled: false }));
    await settled(first, clock);
    await first.send('a', { type: 'server.start' });
    await first.update('a', { enabled: true });
    await first.update('a', { enabled: false });
    await first.close();
    const second = await open(insideEntries(['a'], { enabled: false }));
    expect(await settled(second, clock)).toEqual(['a idle down']);
  });

  it('is forgotten with the server', async () => {
    const { clock, store, open } = openLives();
    const first = await open(insideEntries(['a']));
    await settled(first, clock);
    await first.send('a', { type: 'server.stop' });
    await first.remove('a');
    await settled(first, clock);
    await first.add('a', insideEntries(['a']).a ?? {});
    expect(await settled(first, clock)).toEqual(['a connected up']);
    await first.send('a', { type: 'server.stop' });
    await first.close();
    const without = await open({});
    await without.close();
    expect((await store.servers.read()).get('a')).toBeUndefined();
  });
});

describe('failures of earlier runs', () => {
  const restart = { baseMs: 1_000, factor: 2, capMs: 60_000, intensity: 0, maxConsecutive: 4 };

  it('lengthen the next delay, and count towards the budget', async () => {
    const { clock, refuses, open } = openLives();
    refuses.add('a');
    const first = await open(insideEntries(['a'], { restart }));
    await clock.advance(2_500);
    expect(first.status('a')).toMatchObject({ state: 'backoff', attempt: 3 });
    await first.close();

    const second = await open(insideEntries(['a'], { restart }));
    await clock.advance(10);
    // It was tried once, and that was one time too many.
    expect(second.status('a')).toMatchObject({ state: 'failed', attempt: 4 });
    await second.close();

    // A start of the control plane is one try, no new budget.
    const third = await open(insideEntries(['a'], { restart }));
    await clock.advance(10);
    expect(third.status('a')).toMatchObject({ state: 'failed', attempt: 5 });
  });

  it('are none of another specification', async () => {
    const { clock, refuses, open } = openLives();
    refuses.add('a');
    const first = await open(insideEntries(['a'], { restart }));
    await clock.advance(2_500);
    await first.close();
    const second = await open({ a: { ...insideEntries(['a'], { restart }).a, other: 1 } });
    await clock.advance(10);
    expect(second.status('a')).toMatchObject({ state: 'backoff', attempt: 1 });
  });

  it('are forgiven by a stable life, and then are no more in the store', async () => {
    const { clock, store, refuses, open } = openLives();
    refuses.add('a');
    const first = await open(insideEntries(['a'], { restart }));
    await clock.advance(2_500);
    refuses.clear();
    await clock.advance(100_000);
    expect(first.status('a')).toMatchObject({ state: 'connected', attempt: 0 });
    await clock.advance(1_000);
    expect((await store.servers.read()).get('a')?.counters).toMatchObject({ attempt: 0 });
  });
});

describe('lists of earlier runs', () => {
  it('are those of a lazy server before its first start', async () => {
    const { clock, open } = openLives();
    const entries = insideEntries(['a'], { lazy: true });
    const first = await open(entries);
    expect(first.tools()).toEqual([]);
    await Promise.all([first.callTool('a', 'read'), clock.advance(1_000)]);
    await first.close();

    const second = await open(entries);
    await settled(second, clock);
    expect(second.status('a').state).toBe('idle');
    expect(second.tools().map(({ name, stale }) => ({ name, stale }))).toEqual([
      { name: 'read', stale: true },
      { name: 'write', stale: true },
    ]);
  });

  it('show only what the specification offers now', async () => {
    const { clock, open } = openLives();
    const first = await open(insideEntries(['a'], { lazy: true }));
    await Promise.all([first.callTool('a', 'read'), clock.advance(1_000)]);
    await first.close();
    const second = await open(insideEntries(['a'], { lazy: true, tools: { include: ['write'] } }));
    expect(second.tools().map(({ name }) => name)).toEqual(['write']);
  });

  it('do not keep a call from a tool that the server has now', async () => {
    const { clock, store, open } = openLives();
    const lists = JSON.stringify({ tools: [tool('write')], prompts: [], resources: [], resourceTemplates: [] });
    await store.servers.write(new Map([['a', { lists }]]));
    const supervisor = await open(insideEntries(['a'], { lazy: true }));
    const [result] = await Promise.all([supervisor.callTool('a', 'read'), clock.advance(1_000)]);
    expect(result).toEqual({ content: [{ type: 'text', text: 'read' }] });
  });

  it.each([
    ['no JSON', '{"tools":'],
    ['no lists', '[]'],
    ['odd items', '{"tools":[1,{"name":""},{"name":"x"},{"name":"y","inputSchema":[]}],"prompts":{}}'],
    ['no text', { tools: [tool('read')] }],
  ])('count for nothing if what is kept is %s', async (_, lists) => {
    const { store, open } = openLives();
    await store.servers.write(new Map([['a', { lists }]]));
    const supervisor = await open(insideEntries(['a'], { lazy: true }));
    expect(supervisor.tools()).toEqual([]);
  });
});
