import { describe, expect, it } from 'vitest';
import type { FactBody } from '../../../src/observe/facts/fact.ts';
import { createFacts } from '../../../src/observe/facts/facts.ts';
import type { JournalQuery } from '../../../src/observe/facts/journal.ts';
import { createRedactor } from '../../../src/observe/secrets/redact.ts';
import type { StoredFact } from '../../../src/store/contract.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { createJournal } from '../../../src/supervisor/memory/journal.ts';
import { createWriteBehind } from '../../../src/supervisor/memory/write-behind.ts';
import { type VirtualClock, virtualClock } from '../../../src/testing.ts';
import { away, createTroubledStore } from '../../support/troubled-store.ts';

const alarms = { raise() {}, clear() {} };

/** `runs` share the store, one after the other. */
function openStage() {
  const clock = virtualClock();
  const store = createTroubledStore({ ...createMemoryStore({ now: clock.now }), kind: 'level' });
  const settings = { calls: false, maxAgeMs: 7 * 86_400_000, maxBytes: 200_000_000 };
  return { clock, store, settings, run: (capacity?: number) => openRun({ clock, store, settings, capacity }) };
}

interface Stage {
  readonly clock: VirtualClock;
  readonly store: ReturnType<typeof createTroubledStore>;
  readonly settings: { calls: boolean; maxAgeMs: number; maxBytes: number };
  readonly capacity: number | undefined;
}

function openRun({ clock, store, settings, capacity = 20_000 }: Stage) {
  const redactor = createRedactor();
  const facts = createFacts({ capacity, firstSeq: clock.now() * 1_000, now: clock.now, timers: clock });
  const memory = createWriteBehind({
    store,
    timers: clock,
    now: clock.now,
    monotonicNow: clock.now,
    publish: facts.publish,
    alarms,
    continueAfter: facts.continueAfter,
    redacted: (fact) => redactor.value(fact) as StoredFact,
    onError: () => {},
    bounds: { mostFacts: 300 },
  });
  const journal = createJournal({ facts, store, memory, settings: () => settings, timers: clock, now: clock.now });
  const tell = (count: number, body: FactBody = slept) => {
    for (let told = 0; told < count; told += 1) facts.publish(body);
  };
  return {
    facts,
    memory,
    journal,
    redactor,
    tell,
    /** Time goes on meanwhile. */
    async read(query: JournalQuery = {}) {
      const page = journal.read(query);
      await clock.advance(0);
      return await page;
    },
    async end() {
      await memory.close();
      journal.close();
      await clock.advance(1_000);
    },
  };
}

const slept: FactBody = { type: 'machine.resumed', actor: 'supervisor', suspendedForMs: 1 };
const called: FactBody = { type: 'call.started', actor: 'server:a', callId: 1, method: 'tools/call', tool: 'x' };
const seqsOf = (facts: readonly StoredFact[]) => facts.map(({ seq }) => seq);
const isRising = (seqs: readonly number[]) => seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] ?? 0));

describe('the journal', () => {
  it('has facts of earlier runs, of this one, and those not written yet, page by page', async () => {
    const { clock, run } = openStage();
    const first = run();
    first.tell(40);
    await first.end();
    const second = run();
    second.tell(30);
    await clock.advance(200);
    second.tell(30, { ...slept, actor: 'server:b' });
    const all = await second.read();
    expect(all).toMatchObject({ next: null, complete: true, reason: null });
    expect(all.facts).toHaveLength(100);
    expect(isRising(seqsOf(all.facts))).toBe(true);
    const paged: number[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const page = await second.read({ after, limit: 7 });
      paged.push(...seqsOf(page.facts));
      after = page.next;
    }
    expect(paged).toEqual(seqsOf(all.facts));
    expect(seqsOf((await second.read({ tail: 65 })).facts)).toEqual(seqsOf(all.facts).slice(-65));
    expect((await second.read({ actor: 'server:b' })).facts).toHaveLength(30);
    expect((await second.read({ until: all.facts[39]?.at ?? '' })).facts).toHaveLength(40);
  });

  it('has no gap and no duplicate while facts are told, written and read at once', async () => {
    const { clock, run } = openStage();
    const { tell, journal, facts } = run(40);
    const first = facts.lastSeq + 1;
    for (let round = 0; round < 60; round += 1) {
      tell(5);
      const page = journal.read({});
      tell(2);
      await clock.advance(30);
      const seqs = seqsOf((await page).facts);
      expect(seqs).toEqual(Array.from({ length: round * 7 + 5 }, (_, index) => first + index));
    }
  });

  it('keeps what somebody wants to know later, and shows what is remembered as well', async () => {
    const { clock, store, run } = openStage();
    const { tell, read } = run();
    tell(1, called);
    tell(1, { type: 'probe.answered', actor: 'server:a', kind: 'ping', latencyMs: 1 });
    tell(1, { type: 'probe.missed', actor: 'server:a', misses: 1, counted: true });
    tell(1);
    await clock.advance(200);
    expect((await store.facts()).map(({ type }) => type)).toEqual(['probe.missed', 'machine.resumed']);
    expect((await read()).facts).toHaveLength(4);
  });

  it('keeps calls where the settings say so, from then on', async () => {
    const { clock, store, settings, run } = openStage();
    const { tell, journal } = run();
    tell(1, called);
    settings.calls = true;
    journal.configure();
    tell(2, called);
    await clock.advance(200);
    expect(await store.facts()).toHaveLength(2);
    settings.calls = false;
    journal.configure();
    tell(1, called);
    await clock.advance(200);
    expect(await store.facts()).toHaveLength(2);
  });

  it('keeps no secret', async () => {
    const { clock, store, run } = openStage();
    const { tell, redactor } = run();
    redactor.addSecrets('a', ['open-sesame-123']);
    tell(1, { type: 'actor.died', actor: 'server:a', message: 'it said open-sesame-123' });
    await clock.advance(200);
    expect(JSON.stringify(await store.facts())).not.toContain('open-sesame');
  });

  it('removes what is too old or too much, again and again', async () => {
    const { clock, store, settings, run } = openStage();
    const { tell } = run();
    settings.maxAgeMs = 90_000;
    tell(10);
    await clock.advance(60_000);
    tell(20);
    await clock.advance(61_000);
    expect(await store.facts()).toHaveLength(20);
    settings.maxAgeMs = 600_000;
    settings.maxBytes = 500;
    await clock.advance(60_000);
    const { bytes, facts } = await store.journal.extent();
    expect(facts).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(500);
  });

  it('keeps nothing in a store that ends with this process', async () => {
    const clock = virtualClock();
    const store = createTroubledStore();
    const settings = { calls: true, maxAgeMs: 1_000, maxBytes: 1_000 };
    const { tell, read } = openRun({ clock, store, settings, capacity: undefined });
    tell(10);
    await clock.advance(1_000);
    expect(store.appended).toEqual([]);
    expect(await read()).toMatchObject({ facts: { length: 10 }, complete: true });
  });
});

describe('while the store is away, the journal', () => {
  it('answers from memory, and says so; then it is complete again', async () => {
    const { clock, store, run } = openStage();
    const first = run();
    first.tell(10);
    await first.end();
    const second = run();
    second.tell(5);
    await clock.advance(200);
    store.trouble = away;
    second.tell(5);
    await clock.advance(1_000);
    const page = await second.read();
    expect(page).toMatchObject({ complete: false, reason: expect.stringContaining(away.message) });
    expect(page.facts.filter(({ type }) => type === 'machine.resumed')).toHaveLength(10);
    store.trouble = null;
    await clock.advance(5_000);
    const { facts, complete } = await second.read({ type: 'machine.resumed' });
    expect([facts.length, complete]).toEqual([20, true]);
  });

  it('notices it by reading, and does not let every caller wait', async () => {
    const { clock, store, run } = openStage();
    const { memory, tell, read, journal } = run();
    tell(1);
    await clock.advance(200);
    store.isSilent = true;
    const page = journal.read({});
    await clock.advance(5_000);
    expect(await page).toMatchObject({ complete: false, facts: [{ type: 'machine.resumed' }] });
    expect(memory.state.state).toBe('degraded');
    expect((await read()).complete).toBe(false);
    store.isSilent = false;
    await clock.advance(5_000);
    expect(memory.state.state).toBe('ok');
    expect((await read()).complete).toBe(true);
  });

  it('shows the gap of what there was no room for', async () => {
    const { clock, store, run } = openStage();
    const { memory, tell, read, facts } = run(20);
    tell(1);
    await clock.advance(200);
    store.trouble = away;
    const first = facts.lastSeq + 1;
    for (let round = 0; round < 10; round += 1) {
      tell(100);
      await clock.advance(5_000);
    }
    expect(memory.state.lost.facts).toBeGreaterThan(600);
    store.trouble = null;
    await clock.advance(5_000);
    const { facts: kept } = await read({ limit: 10_000 });
    const gaps = kept.filter(({ type }) => type === 'journal.gap') as unknown as readonly Gap[];
    expect(gaps.reduce((sum, { count }) => sum + count, 0)).toBe(memory.state.lost.facts);
    const shown = new Set(seqsOf(kept));
    for (let seq = first; seq <= facts.lastSeq; seq += 1)
      expect(shown.has(seq) || gaps.some(({ from, to }) => from <= seq && seq <= to)).toBe(true);
    expect(seqsOf(kept).at(-1)).toBe(facts.lastSeq);
  });
});

interface Gap {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}
