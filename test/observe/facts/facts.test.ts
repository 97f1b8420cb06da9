import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact, FactBody, FactsMissed } from '../../../src/observe/facts/fact.ts';
import { createFacts } from '../../../src/observe/facts/facts.ts';

const body = (kind: string): FactBody => ({ type: 'probe.sent', actor: 'server:files', kind });

async function collect(items: AsyncIterable<Fact | FactsMissed>): Promise<(Fact | FactsMissed)[]> {
  const collected: (Fact | FactsMissed)[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const seqsOf = (items: readonly (Fact | FactsMissed)[]): (number | string)[] =>
  items.map((item) => ('seq' in item ? item.seq : `missed ${item.from}-${item.to}`));

describe('a stream of facts', () => {
  it('numbers facts from the boot time in microseconds on, one by one, and times them', () => {
    const bootMs = Date.parse('2026-01-02T03:04:05.006Z');
    const facts = createFacts({ now: () => bootMs });
    const heard: Fact[] = [];
    facts.subscribe((fact) => heard.push(fact));
    const before = Date.now() * 1000;
    facts.publish(body('ping'));
    facts.publish(body('list'));
    expect(heard[0]).toMatchObject({
      type: 'probe.sent',
      actor: 'server:files',
      kind: 'ping',
      at: '2026-01-02T03:04:05.006Z',
    });
    expect(heard[0]?.seq).toBeLessThanOrEqual(before);
    expect(heard[0]?.seq).toBeGreaterThan(before - 60_000_000);
    expect(heard[1]?.seq).toBe((heard[0]?.seq ?? 0) + 1);
    expect(facts.lastSeq).toBe(heard[1]?.seq);
  });

  it('makes facts nobody can change', () => {
    const facts = createFacts({ firstSeq: 1 });
    facts.subscribe((fact) => {
      expect(Object.isFrozen(fact)).toBe(true);
    });
    facts.publish(body('ping'));
    expect(facts.listenerErrors).toBe(0);
  });

  it('delivers what is there after close, and then ends every reader', async () => {
    const facts = createFacts({ firstSeq: 1 });
    const reading = collect(facts.read());
    const idle = collect(facts.read());
    facts.publish(body('ping'));
    facts.publish(body('ping'));
    facts.close();
    facts.close();
    facts.publish(body('late'));
    expect(seqsOf(await reading)).toEqual([1, 2]);
    expect(seqsOf(await idle)).toEqual([1, 2]);
    expect(seqsOf(await collect(facts.read({ since: 0 })))).toEqual([1, 2]);
  });

  it('starts a reader without since at the moment it asks, not at its first step', async () => {
    const facts = createFacts({ firstSeq: 1 });
    facts.publish(body('before'));
    const reader = facts.read();
    facts.publish(body('after'));
    facts.close();
    expect(seqsOf(await collect(reader))).toEqual([2]);
  });

  it('answers several steps asked for at once in order', async () => {
    const facts = createFacts({ firstSeq: 1 });
    const reader = facts.read();
    const steps = [reader.next(), reader.next(), reader.next()];
    for (const kind of ['a', 'b', 'c']) facts.publish(body(kind));
    expect((await Promise.all(steps)).map((step) => step.value && 'seq' in step.value && step.value.seq)).toEqual([
      1, 2, 3,
    ]);
    facts.close();
  });
});

describe('a reader that resumes', () => {
  it('gets what came after its since, without gap or duplicate', async () => {
    const facts = createFacts({ firstSeq: 10 });
    for (let count = 0; count < 5; count += 1) facts.publish(body('ping'));
    facts.close();
    expect(seqsOf(await collect(facts.read({ since: 11 })))).toEqual([12, 13, 14]);
    expect(seqsOf(await collect(facts.read({ since: 14 })))).toEqual([]);
    expect(seqsOf(await collect(facts.read({ since: 0 })))).toEqual([10, 11, 12, 13, 14]);
  });

  it('is told what is not kept any more, once, and goes on from the oldest', async () => {
    const facts = createFacts({ firstSeq: 1, capacity: 3 });
    for (let count = 0; count < 10; count += 1) facts.publish(body('ping'));
    facts.close();
    expect(await collect(facts.read({ since: 2 }))).toMatchObject([
      { type: 'facts.missed', from: 3, to: 7, count: 5 },
      { seq: 8 },
      { seq: 9 },
      { seq: 10 },
    ]);
  });

  it('is told of the gap when it comes from an earlier run', async () => {
    const facts = createFacts({ firstSeq: 100 });
    facts.publish(body('ping'));
    facts.close();
    expect(seqsOf(await collect(facts.read({ since: 40 })))).toEqual(['missed 41-99', 100]);
  });

  it('gets only new facts when its since has not been given yet', async () => {
    const facts = createFacts({ firstSeq: 1 });
    facts.publish(body('old'));
    const reader = facts.read({ since: 1_000_000 });
    facts.publish(body('new'));
    facts.close();
    expect(seqsOf(await collect(reader))).toEqual([2]);
  });
});

describe('a reader that leaves', () => {
  it('ends on its signal, also while it waits', async () => {
    const facts = createFacts({ firstSeq: 1 });
    const controller = new AbortController();
    const reading = collect(facts.read({ signal: controller.signal }));
    facts.publish(body('ping'));
    await Promise.resolve();
    controller.abort();
    expect(seqsOf(await reading)).toEqual([1]);
    expect(await collect(facts.read({ since: 0, signal: AbortSignal.abort() }))).toEqual([]);
  });

  it('ends on return while a step is waiting', async () => {
    const facts = createFacts({ firstSeq: 1 });
    const reader = facts.read();
    const waiting = reader.next();
    await reader.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    facts.publish(body('ping'));
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});

describe('listeners', () => {
  it('are not disturbed by one that throws, which is counted and told of', () => {
    const bugs: unknown[] = [];
    const facts = createFacts({
      firstSeq: 1,
      onError: (error) => {
        bugs.push(error);
        throw new Error('of the one who is told');
      },
    });
    const heard: number[] = [];
    facts.subscribe(() => {
      throw new Error('of a listener');
    });
    facts.subscribe(({ seq }) => heard.push(seq));
    facts.publish(body('ping'));
    facts.publish(body('ping'));
    expect(heard).toEqual([1, 2]);
    expect(facts.listenerErrors).toBe(2);
    expect(bugs).toHaveLength(2);
  });

  it('all hear the facts in order when one publishes in answer to a fact', () => {
    const facts = createFacts({ firstSeq: 1 });
    facts.subscribe(({ seq }) => {
      if (seq === 1) facts.publish(body('answer'));
    });
    const heard: number[] = [];
    facts.subscribe(({ seq }) => heard.push(seq));
    facts.publish(body('ping'));
    expect(heard).toEqual([1, 2]);
  });

  it('end each for themselves, even the same function twice', () => {
    const facts = createFacts({ firstSeq: 1 });
    let heard = 0;
    const listener = (): void => {
      heard += 1;
    };
    const end = facts.subscribe(listener);
    facts.subscribe(listener);
    end();
    end();
    facts.publish(body('ping'));
    expect(heard).toBe(1);
  });
});

describe('any mix of publishing and reading', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ publish: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ reader: fc.nat({ max: 3 }), reads: fc.integer({ min: 1, max: 6 }) }),
    ),
    { maxLength: 60 },
  );

  it('loses no fact on the way to a reader without counting it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), steps, async (capacity, plan) => {
        const facts = createFacts({ capacity, firstSeq: 1 });
        const readers = Array.from({ length: 4 }, () => facts.read());
        const got: (Fact | FactsMissed)[][] = readers.map(() => []);
        const take = async (index: number): Promise<void> => {
          const result = await readers[index]?.next();
          if (result?.done === false) got[index]?.push(result.value);
        };
        const open: Promise<void>[] = [];
        for (const step of plan) {
          if ('publish' in step) for (let count = 0; count < step.publish; count += 1) facts.publish(body('ping'));
          else for (let count = 0; count < step.reads; count += 1) open.push(take(step.reader));
          await Promise.resolve();
        }
        facts.close();
        await Promise.all(open);
        for (const [index, reader] of readers.entries()) for await (const item of reader) got[index]?.push(item);
        for (const items of got) {
          let next = 1;
          for (const item of items) {
            if ('seq' in item) expect(item.seq).toBe(next);
            else expect(item).toMatchObject({ from: next, count: item.to - item.from + 1 });
            next = ('seq' in item ? item.seq : item.to) + 1;
          }
          expect(next).toBe(facts.lastSeq + 1);
        }
      }),
    );
  });
});
