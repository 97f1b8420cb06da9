import { describe, expect, it } from 'vitest';
import { createFacts, type Facts } from '../../../src/observe/facts/facts.ts';
import { type JournalQuery, parseJournalQuery, selectFacts, toPage } from '../../../src/observe/facts/journal.ts';

const startMs = Date.UTC(2026, 0, 31, 12);

/** Ten facts, a second apart, numbered from 101: probes of `a` and `b` in turn, and the last one is a resumption. */
function tenFacts(capacity = 100) {
  let nowMs = startMs;
  const facts = createFacts({ capacity, firstSeq: 101, now: () => nowMs });
  for (let index = 0; index < 9; index += 1) {
    facts.publish({ type: 'probe.sent', actor: index % 2 === 0 ? 'server:a' : 'server:b', kind: 'ping' });
    nowMs += 1_000;
  }
  facts.publish({ type: 'machine.resumed', actor: 'supervisor', suspendedForMs: 1 });
  return facts;
}

function pageOf(facts: Facts, query: JournalQuery) {
  const asked = parseJournalQuery(query);
  return toPage(selectFacts(facts, asked, facts.lastSeq), asked);
}

function seqs(query: JournalQuery, capacity?: number) {
  const { facts, next } = pageOf(tenFacts(capacity), query);
  return { seqs: facts.map(({ seq }) => seq), next };
}

describe('the journal', () => {
  it('has all facts that are kept, the newest last', () => {
    expect(seqs({})).toEqual({ seqs: [101, 102, 103, 104, 105, 106, 107, 108, 109, 110], next: null });
    expect(seqs({}, 3)).toEqual({ seqs: [108, 109, 110], next: null });
  });

  it('chooses by actor and type, one or more', () => {
    expect(seqs({ actor: 'server:b' }).seqs).toEqual([102, 104, 106, 108]);
    expect(seqs({ actor: ['server:b', 'supervisor'] }).seqs).toEqual([102, 104, 106, 108, 110]);
    expect(seqs({ type: 'machine.resumed' }).seqs).toEqual([110]);
    expect(seqs({ type: ['machine.resumed', 'probe.sent'], actor: 'nobody' }).seqs).toEqual([]);
  });

  it('chooses by time, as text or as milliseconds, both ends included', () => {
    expect(seqs({ since: '2026-01-31T12:00:07.000Z' }).seqs).toEqual([108, 109, 110]);
    expect(seqs({ since: startMs + 2_000, until: '2026-01-31T13:00:03+01:00' }).seqs).toEqual([103, 104]);
  });

  it('is read page by page, and says when there is no more', () => {
    expect(seqs({ limit: 2, actor: 'server:a' })).toEqual({ seqs: [101, 103], next: 103 });
    expect(seqs({ limit: 2, actor: 'server:a', after: 103 })).toEqual({ seqs: [105, 107], next: 107 });
    expect(seqs({ limit: 2, actor: 'server:a', after: 107 })).toEqual({ seqs: [109], next: null });
    expect(seqs({ after: 110 })).toEqual({ seqs: [], next: null });
    expect(seqs({ limit: 10 })).toMatchObject({ next: null });
  });

  it('ends with the last of those chosen', () => {
    expect(seqs({ tail: 3 })).toEqual({ seqs: [108, 109, 110], next: null });
    expect(seqs({ tail: 2, actor: 'server:b' })).toEqual({ seqs: [106, 108], next: null });
    expect(seqs({ tail: 2, until: startMs + 2_000, limit: 1 })).toEqual({ seqs: [102, 103], next: null });
    expect(seqs({ tail: 50, after: 108 })).toEqual({ seqs: [109, 110], next: null });
    expect(seqs({ tail: 5, type: 'server.failed' })).toEqual({ seqs: [], next: null });
    expect(seqs({ tail: 5 }, 3)).toEqual({ seqs: [108, 109, 110], next: null });
  });

  it('refuses what makes no sense, naming all of it', () => {
    const query = {
      since: 'yesterday',
      until: Number.NaN,
      limit: 0,
      after: -1,
      tail: 0,
      type: 'no.such',
    } as unknown as JournalQuery;
    expect(() => pageOf(createFacts(), query)).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        details: {
          problems: ['type', 'limit', 'after', 'tail', 'since', 'until'].map((path) =>
            expect.objectContaining({ path }),
          ),
        },
      }),
    );
  });
});

describe('a page of the journal', () => {
  it.each([
    ['limit', 10_000],
    ['tail', 100_000],
  ])('has a bound: %s', (path, most) => {
    expect(pageOf(tenFacts(), { [path]: most }).facts).toHaveLength(10);
    expect(() => pageOf(tenFacts(), { [path]: most + 1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', details: { problems: [expect.objectContaining({ path })] } }),
    );
  });
});

describe('facts that are kept', () => {
  it('are those after a number, also when the oldest have gone and when none has come', () => {
    const facts = tenFacts(4);
    const kept = (after?: number) => [...facts.kept(after === undefined ? {} : { after })].map(({ seq }) => seq);
    expect(kept()).toEqual([107, 108, 109, 110]);
    expect(kept(50)).toEqual([107, 108, 109, 110]);
    expect(kept(107)).toEqual([108, 109, 110]);
    expect(kept(110)).toEqual([]);
    expect([...createFacts().kept()]).toEqual([]);
  });

  it('are counted when a reader is too slow for them', async () => {
    const facts = createFacts({ capacity: 2, firstSeq: 1 });
    const reader = facts.read();
    for (let index = 0; index < 5; index += 1) facts.publish({ type: 'server.removed', actor: 'server:a' });
    expect(facts.missedFacts).toBe(0);
    await reader.next();
    expect(facts.missedFacts).toBe(3);
  });

  it('are not counted as missed that an earlier run may have had: a number is a microsecond there', async () => {
    const facts = createFacts({ capacity: 2, firstSeq: 1_000_000 });
    for (let index = 0; index < 5; index += 1) facts.publish({ type: 'server.removed', actor: 'server:a' });
    expect(await facts.read({ since: 10 }).next()).toMatchObject({
      value: { type: 'facts.missed', from: 11, to: 1_000_002 },
    });
    expect(facts.missedFacts).toBe(3);
  });
});
