/** The journal of facts, compared with a list in memory. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FactQuery, Store, StoredFact } from '../../../src/store/contract.ts';
import type { StoreKind } from '../contract.ts';
import { awkwardEntry, awkwardNames, openFresh, openIn } from './opened.ts';

const everything: FactQuery = {
  actors: null,
  types: null,
  since: null,
  until: null,
  after: 0,
  before: null,
  newestFirst: false,
  limit: 10_001,
};
const actors = ['server/a', 'server/a.b', 'server/$x', 'supervisor', '__proto__'];
const types = ['transition', 'alarm.raised', 'process.spawned'];

function timeOf(second: number): string {
  return new Date(Date.UTC(2026, 10, 1) + second * 1_000).toISOString();
}

function factOf(seq: number, more: object = {}): StoredFact {
  const actor = actors[seq % actors.length] ?? '';
  const type = types[seq % types.length] ?? '';
  return { seq, at: timeOf(seq), type, actor, ...more };
}

const factsFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => factOf(first + index));

const query: fc.Arbitrary<FactQuery> = fc.record({
  actors: fc.option(fc.uniqueArray(fc.constantFrom(...actors, 'server/unknown'), { maxLength: 3 })),
  types: fc.option(fc.uniqueArray(fc.constantFrom(...types, 'unknown'), { maxLength: 3 })),
  since: fc.option(fc.integer({ min: -5, max: 165 }).map(timeOf)),
  until: fc.option(fc.integer({ min: -5, max: 165 }).map(timeOf)),
  after: fc.integer({ min: 0, max: 165 }),
  before: fc.option(fc.integer({ min: 0, max: 165 })),
  newestFirst: fc.boolean(),
  limit: fc.constantFrom(1, 2, 7, 10_001),
});

function expected(facts: readonly StoredFact[], asked: FactQuery): readonly StoredFact[] {
  const found = facts.filter(
    ({ seq, at, type, actor }) =>
      seq > asked.after &&
      (asked.before === null || seq < asked.before) &&
      (asked.actors === null || asked.actors.includes(actor)) &&
      (asked.types === null || asked.types.includes(type)) &&
      (asked.since === null || at >= asked.since) &&
      (asked.until === null || at <= asked.until),
  );
  return (asked.newestFirst ? found.toReversed() : found).slice(0, asked.limit);
}

function extentOf(facts: readonly StoredFact[]) {
  const bytes = facts.reduce((sum, fact) => sum + JSON.stringify(fact).length, 0);
  return { facts: facts.length, bytes, lastSeq: facts.at(-1)?.seq ?? 0 };
}

const readAll = ({ journal }: Store) => journal.read(everything);

export function describeJournal(kind: StoreKind): void {
  describe('its journal', () => {
    it('is empty at first', async () => {
      const { store } = await openFresh(kind);
      expect(await store.journal.extent()).toEqual({ facts: 0, bytes: 0, lastSeq: 0 });
      expect(await readAll(store)).toEqual([]);
      await store.journal.append([]);
      expect(await store.journal.trim({ olderThan: timeOf(9), maxBytes: 0 })).toEqual({ removed: 0 });
    });

    it('gives facts back as they were told', async () => {
      const { store } = await openFresh(kind);
      const facts = [
        factOf(1, { details: awkwardEntry, text: '\u0000 é 😀' }),
        ...awkwardNames.map((actor, index) => factOf(index + 2, { actor, type: actor })),
        factOf(90, { text: 'x'.repeat(65_536) }),
      ];
      await store.journal.append(facts);
      expect(JSON.stringify(await readAll(store))).toBe(JSON.stringify(facts));
      for (const name of awkwardNames)
        expect(await store.journal.read({ ...everything, actors: [name], types: [name] })).toHaveLength(1);
    });

    it('answers every query as a list would', async () => {
      const { store } = await openFresh(kind);
      // Numbers have gaps, and the clock was set back once.
      const facts = factsFrom(1, 160)
        .filter(({ seq }) => seq % 13 !== 0)
        .map((fact) => (fact.seq > 100 ? { ...fact, at: timeOf(fact.seq - 30) } : fact));
      for (let first = 0; first < facts.length; first += 50) await store.journal.append(facts.slice(first, first + 50));
      expect(await store.journal.extent()).toEqual(extentOf(facts));
      await fc.assert(
        fc.asyncProperty(query, async (asked) => {
          expect(await store.journal.read(asked)).toEqual(expected(facts, asked));
        }),
        { numRuns: kind.isSlow === true ? 40 : 150 },
      );
    });

    it('is the same when facts are repeated', async () => {
      const { store } = await openFresh(kind);
      await store.journal.append(factsFrom(1, 10));
      await store.journal.append(factsFrom(1, 10));
      await store.journal.append([factOf(10, { repeated: true }), factOf(11)]);
      expect(await readAll(store)).toEqual(factsFrom(1, 11));
      expect(await store.journal.extent()).toEqual(extentOf(factsFrom(1, 11)));
    });

    it('removes the oldest facts by age', async () => {
      const { store } = await openFresh(kind);
      await store.journal.append(factsFrom(1, 20));
      expect(await store.journal.trim({ olderThan: timeOf(6), maxBytes: 1e9 })).toEqual({ removed: 5 });
      expect(await readAll(store)).toEqual(factsFrom(6, 15));
      expect(await store.journal.extent()).toEqual(extentOf(factsFrom(6, 15)));
      expect(await store.journal.trim({ olderThan: timeOf(6), maxBytes: 1e9 })).toEqual({ removed: 0 });
      expect(await store.journal.trim({ olderThan: timeOf(99), maxBytes: 1e9 })).toEqual({ removed: 15 });
      expect(await readAll(store)).toEqual([]);
    });

    it('removes as few of the oldest facts as make it small enough', async () => {
      const { store } = await openFresh(kind);
      const facts = factsFrom(1, 2_500);
      await store.journal.append(facts);
      const { bytes } = extentOf(facts.slice(2_100));
      expect(await store.journal.trim({ olderThan: timeOf(0), maxBytes: bytes + 10 })).toEqual({ removed: 2_100 });
      expect((await readAll(store)).map(({ seq }) => seq)).toEqual(facts.slice(2_100).map(({ seq }) => seq));
      expect(await store.journal.extent()).toEqual(extentOf(facts.slice(2_100)));
    });

    it('stays in order and whole when it is written, read and trimmed at once', async () => {
      const { store } = await openFresh(kind);
      await store.journal.append(factsFrom(1, 300));
      const batches = Array.from({ length: 20 }, (_, index) => factsFrom(301 + index * 10, 10));
      const [, { removed }] = await Promise.all([
        (async () => {
          for (const batch of batches) await store.journal.append(batch);
        })(),
        store.journal.trim({ olderThan: timeOf(200), maxBytes: 1e9 }),
        readAll(store),
      ]);
      expect(removed).toBe(199);
      expect(await readAll(store)).toEqual(factsFrom(200, 301));
      expect(await store.journal.extent()).toEqual(extentOf(factsFrom(200, 301)));
    });

    it.runIf(kind.isDurable)('is the same when it is opened again, and goes on', async () => {
      const { place, store } = await openFresh(kind);
      await store.journal.append(factsFrom(1, 50));
      await store.journal.trim({ olderThan: timeOf(11), maxBytes: 1e9 });
      await store.close();
      const again = await openIn(place);
      expect(await again.journal.extent()).toEqual(extentOf(factsFrom(11, 40)));
      await again.journal.append(factsFrom(45, 10));
      expect(await readAll(again)).toEqual(factsFrom(11, 44));
    });
  });
}
