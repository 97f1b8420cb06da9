import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact, FactBody } from '../../../src/observe/facts/fact.ts';
import { createFacts } from '../../../src/observe/facts/facts.ts';

const ofCall = { callId: fc.nat(), method: fc.string(), tool: fc.option(fc.string()) };
const durationMs = fc.double({ min: 0, max: 1e9, noNaN: true });

/** What is published, of types that are kept in different ways. */
const bodies: fc.Arbitrary<FactBody> = fc
  .tuple(
    fc.record({ actor: fc.constantFrom('server:a', 'server:b', 'server:c') }),
    fc.record({ generation: fc.nat() }, { requiredKeys: [] }),
    fc.oneof(
      fc.record({ type: fc.constant('call.started' as const), ...ofCall }),
      fc.record({ type: fc.constant('call.settled' as const), ...ofCall, outcome: fc.string(), durationMs }),
      fc.record({ type: fc.constant('probe.sent' as const), kind: fc.string() }),
      fc.record({ type: fc.constant('probe.answered' as const), kind: fc.string(), latencyMs: durationMs }),
      fc.record({ type: fc.constant('probe.missed' as const), misses: fc.nat(), counted: fc.boolean() }),
      fc.record({ type: fc.constant('alarm.cleared' as const), alarm: fc.string() }),
      fc.record({ type: fc.constant('alarm.raised' as const), alarm: fc.string(), reason: fc.string() }),
    ),
  )
  .map(([origin, generation, rest]) => ({ ...origin, ...generation, ...rest }));

const startMs = Date.parse('2026-01-02T03:04:05.000Z');

describe('what is remembered of any mix of facts', () => {
  it('are the facts as they were published, of each actor and type the newest, and as many as there is room for', () => {
    fc.assert(
      fc.property(fc.array(bodies, { maxLength: 200 }), fc.integer({ min: 1, max: 100 }), (published, capacity) => {
        let atMs = startMs;
        const facts = createFacts({ capacity, firstSeq: 1, now: () => atMs });
        const heard: Fact[] = [];
        facts.subscribe((fact) => heard.push(fact));
        for (const body of published) {
          facts.publish(body);
          atMs += 7;
        }
        const expected = published.map((body, index) => {
          const at = new Date(startMs + 7 * index).toISOString();
          return { seq: index + 1, at, ...body };
        });
        expect(heard).toStrictEqual(expected);

        const kept = [...facts.kept()];
        expect(kept).toStrictEqual(kept.map(({ seq }) => expected[seq - 1]));
        expect([...facts.kept({ newestFirst: true })]).toStrictEqual(kept.toReversed());
        expect(kept.at(-1)).toStrictEqual(expected.at(-1));
        expect(kept.length).toBeLessThanOrEqual(capacity);
        // Room is made for a few at once.
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(published.length, capacity - Math.floor(capacity / 64)));
        const seqs = new Set(kept.map(({ seq }) => seq));
        for (const { seq, type, actor } of kept) {
          const later = expected.filter((fact) => fact.seq > seq && fact.type === type && fact.actor === actor);
          expect(later.every((fact) => seqs.has(fact.seq))).toBe(true);
        }
      }),
    );
  });
});

describe('a fact that is put together when it is read', () => {
  const call = { type: 'call.settled', actor: 'server:a', generation: 3, callId: 7, method: 'tools/call' } as const;

  it('reads as any other does: fields in their order, and nobody can change it', () => {
    const facts = createFacts({ firstSeq: 1, now: () => startMs });
    facts.publish({ ...call, tool: null, outcome: 'ok', durationMs: 1.25 });
    const [fact] = facts.kept();
    expect(JSON.stringify(fact)).toBe(
      '{"seq":1,"at":"2026-01-02T03:04:05.000Z","type":"call.settled","actor":"server:a","generation":3,"callId":7,' +
        '"method":"tools/call","tool":null,"outcome":"ok","durationMs":1.25}',
    );
    expect(Object.isFrozen(fact)).toBe(true);
  });

  it('is one and the same for all readers that keep up', async () => {
    const facts = createFacts({ firstSeq: 1 });
    const readers = Array.from({ length: 3 }, () => facts.read());
    const steps = Promise.all(readers.map((reader) => reader.next()));
    facts.publish({ ...call, tool: 'x', outcome: 'ok', durationMs: 1 });
    const [first, ...others] = (await steps).map(({ value }) => value);
    expect(first).toMatchObject({ callId: 7 });
    for (const other of others) expect(other).toBe(first);
  });

  it('has its words shortened, and takes the room of several if they are long', () => {
    const facts = createFacts({ firstSeq: 1, capacity: 1_000 });
    for (let count = 0; count < 2_000; count += 1)
      facts.publish({ ...call, tool: 'x'.repeat(100_000), outcome: 'y'.repeat(100_000), durationMs: 1 });
    const kept = [...facts.kept()];
    const bytes = kept.reduce((sum, fact) => sum + JSON.stringify(fact).length, 0);
    expect(bytes).toBeLessThan(1_200_000);
    expect(kept.length).toBeGreaterThan(50);
    expect(kept[0]).toMatchObject({ tool: `${'x'.repeat(4_096)}…`, callId: 7, durationMs: 1 });
  });

  it('is chosen by actor and type before it is put together', () => {
    const facts = createFacts({ firstSeq: 1 });
    for (const actor of ['server:a', 'server:b'])
      facts.publish({ ...call, actor, tool: 'x', outcome: 'ok', durationMs: 1 });
    facts.publish({ type: 'probe.sent', actor: 'server:b', kind: 'ping' });
    const isWanted = ({ type, actor }: { type: string; actor: string }) =>
      type === 'call.settled' && actor === 'server:b';
    expect([...facts.kept({ isWanted })].map(({ seq }) => seq)).toEqual([2]);
  });
});

describe('a listener to facts of some types', () => {
  it('hears those only, in order with what others hear', () => {
    const facts = createFacts({ firstSeq: 1 });
    const heard: string[] = [];
    facts.subscribe(({ seq, kind }) => heard.push(`${seq} ${kind}`), ['probe.sent']);
    const end = facts.subscribe(({ seq, type }) => heard.push(`${seq} ${type}`));
    facts.publish({ type: 'probe.sent', actor: 'server:a', kind: 'ping' });
    facts.publish({ type: 'alarm.cleared', actor: 'server:a', alarm: 'lists' });
    end();
    facts.publish({ type: 'alarm.cleared', actor: 'server:a', alarm: 'lists' });
    facts.publish({ type: 'probe.sent', actor: 'server:a', kind: 'list' });
    expect(heard).toEqual(['1 ping', '1 probe.sent', '2 alarm.cleared', '4 list']);
  });
});
