import { expect, it, onTestFinished } from 'vitest';
import type { Edit, Store } from '../../../src/store/contract.ts';
import { everyFact } from '../../support/every-fact.ts';
import { describeWithDurableMongo } from '../../support/mongo/suites.ts';
import { until } from '../../support/processes.ts';
import { createTcpProxy, type ProxyMode, type TcpProxy } from '../../support/tcp-proxy.ts';
import { asClient, createDatabase, openIn } from './place.ts';

/** Where it is waited for. */
const shortMs = 1_000;
/** Where what is asked for is to be done. */
const longMs = 5_000;
/** By when a caller has heard, on a machine that is busy. */
const heardMs = 5 * shortMs;

function editOf(summary: string): Edit {
  const changes = [{ source: 'store' as const, server: summary, before: null, after: { command: summary } }];
  return { at: '2026-11-01T00:00:00.000Z', by: 'token', summary, changes };
}

function factOf(seq: number) {
  return { seq, at: new Date(1_793_000_000_000 + seq).toISOString(), type: 'a.b', actor: 'server:x' };
}

const methods: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['configuration.read', ({ configuration }) => configuration.read()],
  ['configuration.version', ({ configuration }) => configuration.version()],
  ['configuration.commit', ({ configuration }) => configuration.commit(0, editOf('a'))],
  ['configuration.versions', ({ configuration }) => configuration.versions({ limit: 1 })],
  ['servers.read', ({ servers }) => servers.read()],
  ['servers.write', ({ servers }) => servers.write(new Map([['a', null]]))],
  ['journal.append', ({ journal }) => journal.append([factOf(1_000)])],
  ['journal.read', ({ journal }) => journal.read(everyFact)],
  ['journal.extent', ({ journal }) => journal.extent()],
  ['journal.trim', ({ journal }) => journal.trim({ olderThan: '0', maxBytes: 1_000 })],
  ['lease.take', ({ lease }) => lease.take({ instance: 'a', host: 'h', pid: 1 }, 1_000)],
  ['lease.release', ({ lease }) => lease.release('b')],
];

/** Every method says that the store is away, in time and without saying where it is. */
async function expectAway(store: Store, port: number): Promise<void> {
  await Promise.all(
    methods.map(async ([name, call]) => {
      const askedMs = performance.now();
      const failure: unknown = await call(store).then(
        () => `${name} resolved`,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ name: 'StoreError', trouble: 'unavailable' });
      expect(String(failure)).not.toMatch(new RegExp(`127\\.0\\.0\\.1|localhost|${port}|mongodb://`));
      expect(performance.now() - askedMs).toBeLessThan(heardMs);
    }),
  );
}

/** What a caller does who is not in a hurry: on a busy machine the bound of these tests may be too short. */
async function done<T>(work: () => Promise<T>): Promise<T> {
  let result: { readonly value: T } | null = null;
  await until('it is done', async () => {
    result = await work().then(
      (value) => ({ value }),
      () => null,
    );
    return result !== null;
  });
  if (result === null) throw new Error('It is not done.');
  return (result as { readonly value: T }).value;
}

interface Placed {
  readonly address: string;
  readonly proxy: TcpProxy;
  readonly store: Store;
}

describeWithDurableMongo('MongoDB that goes away and comes back', ({ server }) => {
  async function openBehindProxy(boundMs: number, mode: ProxyMode = 'pass'): Promise<Placed> {
    const address = createDatabase(server().url);
    const proxy = await createTcpProxy(Number(new URL(address).port));
    onTestFinished(() => proxy.close());
    await proxy.setMode(mode);
    const behind = new URL(address);
    behind.port = String(proxy.port);
    return { address, proxy, store: openIn(behind.href, { boundMs }) };
  }

  it.each<ProxyMode>(['refuse', 'reset', 'silence'])(
    'is opened and used without it while connections meet with %s, and with it as soon as it is there',
    async (mode) => {
      const { proxy, store } = await openBehindProxy(shortMs, mode);
      await expectAway(store, proxy.port);
      await proxy.setMode('pass');
      await until('it is used', async () => (await store.configuration.version().catch(() => null)) === 0);
      await done(() => store.configuration.commit(0, editOf('a')));
      await done(() => store.journal.append([factOf(1)]));

      await proxy.setMode(mode);
      await expectAway(store, proxy.port);
      await proxy.setMode('pass');
      await until('it is back', async () => (await store.configuration.version().catch(() => null)) === 1);
      expect([...(await done(() => store.configuration.read())).servers.keys()]).toEqual(['a']);
      await done(() => store.journal.append([factOf(2)]));
      expect(await done(() => store.journal.read(everyFact))).toEqual([factOf(1), factOf(2)]);
    },
  );

  it('is slow, and not away', async () => {
    const { proxy, store } = await openBehindProxy(longMs);
    await store.configuration.version();
    proxy.setDelay(longMs / 100);
    expect(await store.configuration.commit(0, editOf('a'))).toMatchObject({ version: 1 });
    await store.journal.append([factOf(1)]);
  });

  it('does a commit once whose answer is cut off', async () => {
    const { address, proxy, store } = await openBehindProxy(longMs);
    await store.configuration.commit(0, editOf('a'));
    const cut = proxy.cutAnswerTo('mcpvisor_versions\0');
    // The first message about versions asks for the one before.
    const [committed] = await Promise.all([store.configuration.commit(1, editOf('b')), cut]);
    expect(committed).toMatchObject({ version: 2 });
    const insertCut = proxy.cutAnswerTo('c-is-added');
    const [second] = await Promise.all([store.configuration.commit(2, editOf('c-is-added')), insertCut]);
    expect(second).toMatchObject({ version: 3 });
    const kept = await asClient(address, (database) => database.collection('mcpvisor_versions').countDocuments());
    expect(kept).toBe(3);
    expect([...(await store.configuration.read()).servers.keys()]).toEqual(['a', 'b', 'c-is-added']);
  });

  it('appends facts once when the answer is cut off and they are appended again', async () => {
    const { proxy, store } = await openBehindProxy(longMs);
    await store.journal.append([factOf(1)]);
    const facts = [factOf(2), factOf(3), { ...factOf(4), text: 'the-last-one' }];
    const cut = proxy.cutAnswerTo('the-last-one');
    await Promise.all([store.journal.append(facts).catch(() => store.journal.append([...facts, factOf(5)])), cut]);
    const kept = await store.journal.read(everyFact);
    expect(kept.map(({ seq }) => seq).slice(0, 4)).toEqual([1, 2, 3, 4]);
    await store.journal.append([factOf(5), factOf(6)]);
    const all = await store.journal.read(everyFact);
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    const bytes = all.reduce((sum, fact) => sum + JSON.stringify(fact).length, 0);
    expect(await store.journal.extent()).toEqual({ facts: 6, bytes, lastSeq: 6 });
  });

  it('takes no write that arrives late for the last word', async () => {
    const { proxy, store } = await openBehindProxy(shortMs);
    await done(() => store.servers.write(new Map([['first', { wanted: 'up' as const }]])));
    const { held, letGo } = proxy.holdBack('arrives-late');
    const late = store.servers.write(new Map([['arrives-late', { wanted: 'down' as const }]]));
    await held;
    await expect(late).rejects.toMatchObject({ trouble: 'unavailable' });
    await done(() => store.servers.write(new Map([['arrives-late', { wanted: 'up' as const }]])));
    letGo();
    // What was held back has arrived before what is asked now, or soon after; it never changes anything.
    for (let asked = 0; asked < 20; asked += 1)
      expect((await store.servers.read()).get('arrives-late')?.wanted).toBe('up');
  });

  it('brings no server back that was forgotten', async () => {
    const { proxy, store } = await openBehindProxy(shortMs);
    await done(() => store.servers.write(new Map([['first', { wanted: 'up' as const }]])));
    const { held, letGo } = proxy.holdBack('forgotten-one');
    const late = store.servers.write(new Map([['forgotten-one', { wanted: 'down' as const }]]));
    await held;
    await expect(late).rejects.toMatchObject({ trouble: 'unavailable' });
    await done(() => store.servers.write(new Map([['forgotten-one', null]])));
    letGo();
    for (let asked = 0; asked < 20; asked += 1) expect([...(await store.servers.read()).keys()]).toEqual(['first']);
  });

  it('loses and doubles nothing while connections are reset at random', async () => {
    const { proxy, store } = await openBehindProxy(longMs);
    /** About one operation in four has a reset in its middle. */
    const maybeReset = () => {
      if (Math.random() < 0.25) setTimeout(proxy.resetAll, Math.random() * 5);
    };
    const acknowledged: string[] = [];
    let appended = 0;
    const edits = async () => {
      for (let edit = 0; edit < 25; edit += 1) {
        maybeReset();
        const version = await store.configuration.version().catch(() => null);
        if (version === null) continue;
        const committed = await store.configuration.commit(version, editOf(`e${edit}`)).catch(() => null);
        if (committed !== null) acknowledged.push(`e${edit}`);
      }
    };
    const facts = async () => {
      for (let seq = 1; seq <= 25; seq += 1) {
        maybeReset();
        const given = Array.from({ length: seq - appended }, (_, index) => factOf(appended + 1 + index));
        await store.journal.append(given).then(
          () => {
            appended = seq;
          },
          () => {},
        );
      }
    };
    await Promise.all([edits(), facts()]);
    await until('it is used', async () => (await store.configuration.version().catch(() => null)) !== null);
    const versions = await store.configuration.versions({ limit: 1_000 });
    const summaries = versions.map(({ summary }) => summary);
    expect(new Set(summaries).size).toBe(summaries.length);
    expect(summaries).toEqual(expect.arrayContaining(acknowledged));
    const seqs = (await store.journal.read(everyFact)).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(seqs.length).toBeGreaterThanOrEqual(appended);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('has what it acknowledged after its own end by %s', async (signal) => {
    const store = openIn(createDatabase(server().url), { boundMs: longMs });
    await store.configuration.commit(0, editOf('a'));
    await store.journal.append([factOf(1)]);
    await store.servers.write(new Map([['a', { wanted: 'down' as const }]]));
    await server().restart(signal, async () => {
      await expect(store.configuration.version()).rejects.toMatchObject({ trouble: 'unavailable' });
    });
    await until('it is back', async () => (await store.configuration.version().catch(() => null)) === 1);
    expect(await store.journal.read(everyFact)).toEqual([factOf(1)]);
    expect((await store.servers.read()).get('a')?.wanted).toBe('down');
  });
});
