/** What is kept of each server. */

import { describe, expect, it } from 'vitest';
import { noCounters } from '../../../machines/policy/restart.ts';
import type { KeptServer } from '../../../src/store/contract.ts';
import type { StoreKind } from '../contract.ts';
import { awkwardEntry, awkwardNames, openFresh, openIn } from './opened.ts';

const nothing: KeptServer = { wanted: null, counters: null, lists: null };
const counters = { ...noCounters, attempt: 3, automaticStarts: [1_793_000_000_000.5], failureTimes: [1, 2] };

export function describeServers(kind: StoreKind): void {
  describe('what it keeps of servers', () => {
    it('is nothing at first', async () => {
      const { store } = await openFresh(kind);
      expect(await store.servers.read()).toEqual(new Map());
      await store.servers.write(new Map());
      expect(await store.servers.read()).toEqual(new Map());
    });

    it('is put together from what was written, part by part', async () => {
      const { store } = await openFresh(kind);
      await store.servers.write(new Map([['a', { wanted: 'down' as const }]]));
      expect(await store.servers.read()).toEqual(new Map([['a', { ...nothing, wanted: 'down' }]]));
      await store.servers.write(
        new Map<string, Partial<KeptServer>>([
          ['a', { counters }],
          ['b', { lists: { tools: [awkwardEntry] } }],
        ]),
      );
      await store.servers.write(new Map([['a', {}]]));
      expect(await store.servers.read()).toEqual(
        new Map([
          ['a', { ...nothing, wanted: 'down', counters }],
          ['b', { ...nothing, lists: { tools: [awkwardEntry] } }],
        ]),
      );
      await store.servers.write(new Map([['a', { wanted: null, counters: null }]]));
      expect((await store.servers.read()).get('a')).toEqual(nothing);
    });

    it('forgets a server, whether or not it knows it', async () => {
      const { store } = await openFresh(kind);
      await store.servers.write(new Map([['a', { wanted: 'up' as const }]]));
      await store.servers.write(
        new Map([
          ['a', null],
          ['unknown', null],
        ]),
      );
      expect(await store.servers.read()).toEqual(new Map());
    });

    it('is the same when a batch is repeated', async () => {
      const { store } = await openFresh(kind);
      const batch = new Map([
        ['a', { wanted: 'up' as const, counters }],
        ['b', null],
      ]);
      await store.servers.write(batch);
      const once = await store.servers.read();
      await store.servers.write(batch);
      expect(await store.servers.read()).toEqual(once);
    });

    it('takes names and lists of every kind', async () => {
      const { store } = await openFresh(kind);
      const lists = { tools: [awkwardEntry], big: 'é'.repeat(500_000) };
      await store.servers.write(new Map(awkwardNames.map((name) => [name, { lists: { name } }])));
      await store.servers.write(new Map([['large', { lists }]]));
      const read = await store.servers.read();
      expect(read.size).toBe(awkwardNames.length + 1);
      for (const name of awkwardNames) expect(read.get(name)).toEqual({ ...nothing, lists: { name } });
      expect(JSON.stringify(read.get('large')?.lists)).toBe(JSON.stringify(lists));
    });

    it('loses nothing when many write different parts at once', async () => {
      const { store } = await openFresh(kind);
      const patches: readonly Partial<KeptServer>[] = [{ wanted: 'up' }, { counters }, { lists: [1] }];
      await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          store.servers.write(new Map([[`s${Math.floor(index / 3)}`, patches[index % 3] ?? {}]])),
        ),
      );
      const read = await store.servers.read();
      expect(read.size).toBe(10);
      for (const kept of read.values()) expect(kept).toEqual({ wanted: 'up', counters, lists: [1] });
    });

    it.runIf(kind.isDurable)('is the same when it is opened again', async () => {
      const { place, store } = await openFresh(kind);
      await store.servers.write(new Map(awkwardNames.map((name) => [name, { wanted: 'down' as const, counters }])));
      const before = await store.servers.read();
      await store.close();
      expect(await (await openIn(place)).servers.read()).toEqual(before);
    });
  });
}
