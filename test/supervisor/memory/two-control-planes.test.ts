import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpApp } from '../../../src/http/app.ts';
import type { Store } from '../../../src/store/contract.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { openSupervisor } from '../../../src/supervisor/supervisor.ts';
import { virtualClock } from '../../../src/testing.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { away, createTroubledStore } from '../../support/troubled-store.ts';

function openScene() {
  const clock = virtualClock();
  const store = createTroubledStore(createMemoryStore({ now: clock.now }));
  const { transports } = hostInMemory({ a: { tools: [], answer: () => ({ content: [] }) } });
  async function open(over: Store = store) {
    const failures: string[] = [];
    const opening = openSupervisor({
      config: { mcpServers: insideEntries(['a']) },
      openedStore: { ...over, close: async () => {} },
      opensWhileHeld: true,
      onFailed: (error) => {
        failures.push(String(error));
        void opening.then(({ supervisor }) => supervisor.close());
      },
      transports,
      clock,
      env: {},
    });
    await clock.advance(6_000);
    const { supervisor } = await opening;
    onTestFinished(() => supervisor.close());
    return { supervisor, failures, servers: () => supervisor.status().servers.map(({ name, state }) => [name, state]) };
  }
  return { clock, store, open };
}

describe('a second control plane on one store', () => {
  it('starts nothing, says who has it, and takes over when that one ends', async () => {
    const { clock, open } = openScene();
    const first = await open();
    const second = await open();
    await clock.advance(60_000);
    expect(first.servers()).toEqual([['a', 'connected']]);
    expect(second.servers()).toEqual([]);
    expect(second.supervisor.status()).toMatchObject({
      state: 'booting',
      substate: 'claiming',
      alarms: [{ actor: 'supervisor', alarm: 'store-held' }],
    });
    const heldBy = { host: expect.any(String), pid: process.pid, expiresAt: expect.stringMatching(/Z$/) };
    expect(second.supervisor.readiness()).toEqual({ ready: false, notReady: [], heldBy });

    await Promise.all([first.supervisor.close(), clock.advance(2_000)]);
    await clock.advance(2_000);
    expect(second.servers()).toEqual([['a', 'connected']]);
    expect(second.supervisor.readiness()).toEqual({ ready: true, notReady: [], heldBy: null });
    expect(second.supervisor.status().alarms).toEqual([]);
  });

  it('answers to those who look, and refuses the rest', async () => {
    const { open } = openScene();
    await open();
    const { supervisor } = await open();
    const app = createHttpApp({
      supervisor,
      admission: { identity: () => 'me' },
      metrics: null,
      onError: () => {},
      now: Date.now,
    });
    const ask = async (method: string, path: string) => (await app.request(path, { method })).status;
    expect(await ask('GET', '/healthz')).toBe(200);
    expect(await ask('GET', '/readyz')).toBe(503);
    expect(await ask('GET', '/api/status')).toBe(200);
    expect(await ask('POST', '/api/servers/a/events')).toBe(503);
    expect(await ask('POST', '/api/calls')).toBe(503);
    expect(await ask('POST', '/api/shutdown')).toBe(202);
  });

  it('writes nothing into it', async () => {
    const { clock, store, open } = openScene();
    await open();
    await clock.advance(1_000);
    const before = await store.facts();
    const second = await open();
    await clock.advance(5_000);
    await Promise.all([second.supervisor.close(), clock.advance(6_000)]);
    const added = (await store.facts()).slice(before.length);
    expect(added.filter(({ type }) => type === 'alarm.raised' || type === 'supervisor.transitioned')).toEqual([]);
  });

  it('ends in order while it waits', async () => {
    const { open, clock } = openScene();
    await open();
    const { supervisor } = await open();
    const closing = supervisor.close();
    await clock.advance(1_000);
    await closing;
    expect(supervisor.status().state).toBe('closed');
  });
});

describe('a control plane that ran without its store', () => {
  it('keeps its servers, and ends them if another has the store when it is back', async () => {
    const { clock, store, open } = openScene();
    store.trouble = away;
    const first = await open();
    expect(first.servers()).toEqual([['a', 'connected']]);
    store.trouble = null;
    await store.lease.take({ instance: 'other', host: 'there', pid: 9 }, 60_000);
    await clock.advance(6_000);
    await clock.advance(6_000);
    expect(first.failures).toEqual([expect.stringContaining('is used by the control plane on there (pid 9)')]);
    expect(first.supervisor.status().state).toBe('closed');
  });

  it('does what was wanted in an earlier run when the store is back, unless somebody wanted something else', async () => {
    const { clock, store, open } = openScene();
    await store.servers.write(new Map([['a', { wanted: 'down' as const }]]));
    store.trouble = away;
    const first = await open();
    expect(first.servers()).toEqual([['a', 'connected']]);
    store.trouble = null;
    await clock.advance(12_000);
    expect(first.servers()).toEqual([['a', 'idle']]);
    await Promise.all([first.supervisor.close(), clock.advance(6_000)]);

    store.trouble = away;
    const second = await open();
    for (const type of ['server.stop', 'server.start'] as const) {
      second.supervisor.post('a', { type });
      await clock.advance(1_000);
    }
    store.trouble = null;
    await clock.advance(12_000);
    expect(second.servers()).toEqual([['a', 'connected']]);
  });
});
