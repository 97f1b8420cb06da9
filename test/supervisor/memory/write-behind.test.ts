import { describe, expect, it } from 'vitest';
import { createOwnAlarms } from '../../../src/observe/alarms/own-alarms.ts';
import { createFacts } from '../../../src/observe/facts/facts.ts';
import type { KeptServer, StoredFact } from '../../../src/store/contract.ts';
import { StoreError } from '../../../src/store/error.ts';
import { createWriteBehind, type WriteBehindBounds } from '../../../src/supervisor/memory/write-behind.ts';
import { virtualClock } from '../../../src/testing.ts';
import { away, createTroubledStore } from '../../support/troubled-store.ts';

const up: KeptServer = { wanted: 'up', counters: null, lists: null };

function factsOf(from: number, to: number): StoredFact[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    seq: from + index,
    at: '2026-01-01T00:00:00.000Z',
    type: 'server.removed',
    actor: `server:${from + index}`,
  }));
}

function start(bounds: Partial<WriteBehindBounds> = {}, firstSeq = 1) {
  const clock = virtualClock();
  const store = createTroubledStore();
  const facts = createFacts({ firstSeq, now: clock.now, timers: clock });
  const alarms = createOwnAlarms({ publish: facts.publish, now: clock.now, timers: clock });
  const errors: unknown[] = [];
  const memory = createWriteBehind({
    store,
    timers: clock,
    now: clock.now,
    monotonicNow: clock.now,
    publish: facts.publish,
    alarms,
    continueAfter: facts.continueAfter,
    redacted: (fact) => fact,
    onError: (error) => errors.push(error),
    bounds,
  });
  const keep = (from: number, to: number) => factsOf(from, to).forEach(memory.keepFact);
  const kept = async () => (await store.facts()).map(({ seq }) => seq);
  const told = () => [...facts.kept()].map(({ type }) => type);
  return { clock, store, facts, alarms, errors, memory, keep, kept, told };
}

describe('what is to be kept', () => {
  it('is written together a moment later, and in order', async () => {
    const { clock, store, memory, keep, kept } = start();
    keep(1, 3);
    await clock.advance(50);
    keep(4, 5);
    expect(store.appended).toEqual([]);
    expect(memory.state.queued).toEqual({ facts: 5, servers: 0 });
    await clock.advance(50);
    expect(store.appended).toEqual([factsOf(1, 5)]);
    expect(await kept()).toEqual([1, 2, 3, 4, 5]);
    expect(memory.state).toMatchObject({ state: 'ok', reason: null, queued: { facts: 0, servers: 0 } });
  });

  it('is written at once when it is much', async () => {
    const { clock, keep, kept } = start();
    keep(1, 1_200);
    await clock.advance(0);
    expect(await kept()).toHaveLength(1_000);
    await clock.advance(100);
    expect(await kept()).toHaveLength(1_200);
  });

  it('takes one write at a time', async () => {
    const { clock, store, keep, kept } = start();
    store.isSilent = true;
    keep(1, 500);
    await clock.advance(200);
    keep(501, 1_000);
    await clock.advance(200);
    store.isSilent = false;
    await clock.advance(0);
    expect(store.appended.map(({ length }) => length)).toEqual([500, 500]);
    expect(await kept()).toHaveLength(1_000);
  });

  it('of a server is merged until it is written', async () => {
    const { clock, store, memory } = start();
    memory.keepServer('a', { wanted: 'up' });
    memory.keepServer('a', { lists: { tools: [] } });
    memory.keepServer('a', { wanted: 'down' });
    memory.keepServer('b', up);
    memory.keepServer('b', null);
    await clock.advance(100);
    expect(await store.servers.read()).toEqual(new Map([['a', { ...up, wanted: 'down', lists: { tools: [] } }]]));
  });

  it('says when it is kept', async () => {
    const { clock, memory, keep } = start();
    keep(1, 2);
    const flushed = memory.flushed(1_000);
    await clock.advance(0);
    expect(await flushed).toBe(true);
    expect(await memory.flushed(1_000)).toBe(true);
  });

  it('says that it is kept though more comes all the time', async () => {
    const { clock, memory, keep } = start();
    keep(1, 2);
    let isKept = false;
    void memory.flushed(10_000).then((is) => {
      isKept = is;
    });
    keep(3, 700);
    await clock.advance(0);
    keep(701, 2_000);
    expect(isKept).toBe(true);
  });

  it('is numbered after what an earlier run left, whose clock was ahead', async () => {
    const { clock, store, facts, memory, keep, kept } = start();
    await store.journal.append(factsOf(1_000, 1_001));
    keep(1, 2);
    const opened = memory.opened(1_000);
    await clock.advance(100);
    expect(await opened).toBe(true);
    facts.publish({ type: 'machine.resumed', actor: 'supervisor', suspendedForMs: 1 });
    expect(facts.lastSeq).toBe(1_003);
    expect(await kept()).toEqual([1_000, 1_001, 1_002]);
    expect((await store.facts()).at(-1)).toMatchObject({ type: 'journal.gap', from: 1, to: 2, count: 2 });
  });

  it('is written before the end', async () => {
    const { clock, memory, keep, kept, errors } = start();
    keep(1, 1_200);
    memory.keepServer('a', up);
    await memory.close();
    await memory.close();
    keep(1_201, 1_300);
    await clock.advance(1_000);
    expect(await kept()).toHaveLength(1_200);
    expect(errors).toEqual([]);
  });
});

describe('while the store is away', () => {
  it('everything waits, the state says so, and all is there in order when it is back', async () => {
    const { clock, store, alarms, memory, keep, kept, told } = start();
    store.trouble = away;
    keep(1, 600);
    memory.keepServer('a', up);
    await clock.advance(10_000);
    memory.keepServer('a', { wanted: 'down' });
    keep(601, 900);
    expect(memory.state).toMatchObject({ state: 'degraded', reason: away.message, queued: { facts: 900, servers: 1 } });
    expect(alarms.list()).toMatchObject([{ alarm: 'store-degraded' }]);
    expect(await memory.flushed(1_000)).toBe(false);
    store.trouble = null;
    await clock.advance(2_000);
    expect(await kept()).toEqual(factsOf(1, 900).map(({ seq }) => seq));
    expect(await store.servers.read()).toEqual(new Map([['a', { ...up, wanted: 'down' }]]));
    expect(memory.state).toMatchObject({ state: 'ok', reason: null, queued: { facts: 0, servers: 0 } });
    expect(memory.state.lost).toEqual({ facts: 0, servers: 0, since: null });
    expect(alarms.list()).toEqual([]);
    expect(told()).toEqual(['store.degraded', 'alarm.raised', 'store.recovered', 'alarm.cleared']);
  });

  it('asks it seldom, and again at once when something else has heard from it', async () => {
    const { clock, store, memory, keep, kept } = start();
    store.trouble = away;
    keep(1, 1);
    await clock.advance(60_000);
    store.trouble = null;
    expect(memory.state.state).toBe('degraded');
    memory.noteSuccess();
    await clock.advance(0);
    expect(await kept()).toEqual([1]);
    expect(memory.state.state).toBe('ok');
  });

  it('what there is no room for is counted, and the journal tells where it was', async () => {
    const { clock, store, memory, keep } = start({ mostFacts: 1_000 });
    const opened = memory.opened(1_000);
    await clock.advance(0);
    expect(await opened).toBe(true);
    store.trouble = away;
    keep(1, 500);
    await clock.advance(100);
    keep(501, 2_000);
    expect(memory.state).toMatchObject({ queued: { facts: 1_500 }, lost: { facts: 500 } });
    store.trouble = null;
    await clock.advance(10_000);
    const facts = await store.facts();
    expect(facts.slice(0, 500)).toEqual(factsOf(1, 500));
    expect(facts[500]).toMatchObject({ seq: 1_000, type: 'journal.gap', from: 501, to: 1_000, count: 500 });
    expect(facts.slice(501)).toEqual(factsOf(1_001, 2_000));
  });

  it('large facts count as much as they are', async () => {
    const { clock, store, memory } = start({ mostBytes: 100_000 });
    store.trouble = away;
    for (const fact of factsOf(1, 50)) memory.keepFact({ ...fact, actor: 'x'.repeat(10_000) });
    await clock.advance(100);
    expect(memory.state.queued.facts).toBeLessThan(10);
    expect(memory.state.lost.facts).toBe(50 - memory.state.queued.facts);
  });

  it('a trouble of somebody else is noticed, and its end as well', async () => {
    const { clock, store, memory } = start();
    store.trouble = away;
    memory.noteTrouble(away);
    await clock.advance(5_000);
    expect(memory.state.state).toBe('degraded');
    store.trouble = null;
    await clock.advance(5_000);
    expect(memory.state.state).toBe('ok');
  });

  it('one that does not answer is noticed, too, and what it took in the end is kept once', async () => {
    const { clock, store, memory, keep, kept } = start();
    store.isSilent = true;
    keep(1, 2);
    await clock.advance(6_000);
    expect(memory.state).toMatchObject({ state: 'degraded', queued: { facts: 2 } });
    store.isSilent = false;
    await clock.advance(0);
    expect(memory.state.state).toBe('ok');
    expect(await kept()).toEqual([1, 2]);
  });

  it('the end does not wait for it, and says what is given up', async () => {
    const { clock, store, memory, keep, errors } = start();
    store.trouble = away;
    keep(1, 2);
    await clock.advance(1_000);
    await memory.close();
    expect(errors.map(String)).toEqual([expect.stringContaining('the last 2 facts')]);
    expect(memory.state.lost.facts).toBe(2);
  });

  it('the end does not wait for long for one that does not answer', async () => {
    const { clock, store, memory, keep } = start();
    store.isSilent = true;
    keep(1, 2);
    const closed = memory.close();
    await clock.advance(5_000);
    await closed;
    expect(memory.state.lost.facts).toBe(2);
    store.isSilent = false;
  });
});

describe('what the store does not take', () => {
  it('is passed over, told once, and the journal tells where it was', async () => {
    const { clock, store, alarms, memory, keep, told } = start();
    store.refuses = ({ seq, type }) => (seq === 3 || seq === 7) && type !== 'journal.gap';
    keep(1, 9);
    await clock.advance(100);
    const facts = await store.facts();
    expect(facts.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(facts[2]).toMatchObject({ type: 'journal.gap', from: 3, to: 3, count: 1 });
    expect(memory.state).toMatchObject({ state: 'ok', lost: { facts: 2 }, queued: { facts: 0 } });
    expect(alarms.list()).toMatchObject([{ alarm: 'store-degraded', reason: expect.stringContaining('too long') }]);
    expect(told()).toEqual(['alarm.raised']);
    await clock.advance(60_000);
    expect(alarms.list()).toEqual([]);
  });

  it('of one server does not keep others from being written', async () => {
    const { clock, store, memory } = start();
    const { read, write } = store.servers;
    const refusing: typeof write = async (servers) => {
      if (servers.has('b')) throw new StoreError('refused', 'too long');
      await write(servers);
    };
    Object.assign(store, { servers: { read, write: refusing } });
    for (const server of ['a', 'b', 'c']) memory.keepServer(server, up);
    await clock.advance(100);
    expect([...(await store.servers.read()).keys()]).toEqual(['a', 'c']);
    expect(memory.state.lost.servers).toBe(1);
  });

  it('because it is damaged is given up, and tried again ever less often', async () => {
    const { clock, store, memory, keep } = start();
    const opened = memory.opened(1_000);
    await clock.advance(0);
    expect(await opened).toBe(true);
    store.trouble = new StoreError('corrupt', 'block 7 is not what was written');
    keep(1, 2);
    await clock.advance(1_000);
    expect(memory.state).toMatchObject({ state: 'degraded', reason: expect.stringContaining('block 7') });
    store.trouble = null;
    keep(3, 4);
    await clock.advance(5_000);
    const facts = await store.facts();
    expect(facts.map(({ seq }) => seq)).toEqual([2, 3, 4]);
    expect(facts[0]).toMatchObject({ type: 'journal.gap', from: 1, to: 2, count: 2 });
    expect(memory.state).toMatchObject({ state: 'ok', lost: { facts: 2 } });
  });
});
