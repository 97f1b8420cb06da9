import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Failure, failure, failureClasses, isPermanent } from '../../../machines/failure.ts';
import {
  type Counters,
  countFailure,
  flappingUntil,
  isCounted,
  isFlapping,
  noCounters,
  retryOf,
  verdictOf,
} from '../../../machines/policy/restart.ts';
import { grantSlots, returnSlot, type Slots, wantSlot } from '../../../machines/supervisor/start-slots.ts';
import { exit, policyOf } from '../../support/charts/chart.ts';

const policy = policyOf().restart;
const past = { stable: false, worked: false, remote: false, renewed: false };
const anyFailure: fc.Arbitrary<Failure> = fc
  .record({
    name: fc.constantFrom(...failureClasses),
    exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
    retryAfterMs: fc.option(fc.nat(1e6)),
  })
  .map(({ name, exitCode, retryAfterMs }) => failure(name, '', { exitCode, retryAfterMs, code: 'EAGAIN' }));
const anyCounters: fc.Arbitrary<Counters> = fc.record({
  attempt: fc.integer({ min: 1, max: 40 }),
  unreachable: fc.integer({ min: 1, max: 2_000 }),
  refusedSince: fc.option(fc.nat(1e6)),
  automaticStarts: fc.array(fc.nat(1e6), { maxLength: 10 }),
  failureTimes: fc.array(fc.nat(1e6), { maxLength: 30 }),
});

describe('a permanent failure', () => {
  it.each(['ENOENT', 'EACCES', 'ENOTDIR', 'ENOEXEC', null])('is a spawn that failed with %s', (code) => {
    expect(isPermanent(failure('spawnFailed', '', { code }), [])).toBe(true);
  });

  it('is not a spawn of a file that is being written', () => {
    expect(isPermanent(failure('spawnFailed', '', { code: 'ETXTBSY' }), [])).toBe(false);
  });

  it.each(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])('is not a shortage: %s', (code) => {
    expect(isPermanent(failure('shortage', '', { code }), [])).toBe(false);
  });

  it('is an exit code that the policy names, and no other', () => {
    expect([0, 1, 78, null].map((code) => isPermanent(exit(code), [78]))).toEqual([false, false, true, false]);
  });
});

describe('a failure is counted', () => {
  it.each(failureClasses)('once, or not at all: %s', (name) => {
    for (const stable of [true, false]) {
      const counted = isCounted(failure(name, ''), { ...past, stable });
      const free = ['unreachable', 'shortage', 'unauthorized', 'clientLost', ...(stable ? ['sessionLost'] : [])];
      expect(counted).toBe(!free.includes(name));
      const after = countFailure({ ...noCounters, unreachable: 3 }, failure(name, ''), { ...past, stable });
      expect(after.attempt).toBe(counted ? 1 : 0);
      expect(after.unreachable).toBe(counted ? 0 : name === 'unreachable' || name === 'shortage' ? 4 : 3);
    }
  });
});

describe('the verdict', () => {
  const spent = { ...noCounters, attempt: 8 };
  const verdict = (cause: Failure, restart: typeof policy, counters: Counters) =>
    verdictOf({ failure: cause, policy: restart, counters, past });

  it('is failed when the budget is spent, but for what spends no budget', () => {
    expect(verdict(exit(1), policy, spent)).toBe('failed');
    expect(verdict(exit(1), policy, { ...spent, attempt: 7 })).toBe('backoff');
    expect(verdict(failure('unreachable', ''), policy, spent)).toBe('backoff');
    expect(verdict(failure('clientLost', ''), policy, spent)).toBe('backoff');
    expect(verdict(failure('shortage', ''), policy, spent)).toBe('backoff');
  });

  it('has no limit at 0', () => {
    expect(verdict(exit(1), { ...policy, maxConsecutive: 0 }, { ...noCounters, attempt: 1e6 })).toBe('backoff');
  });

  it('is failed after the first failure if one in a row is allowed', () => {
    expect(verdict(exit(1), { ...policy, maxConsecutive: 1 }, { ...noCounters, attempt: 1 })).toBe('failed');
  });

  it('puts permanent classes before everything, and a person before restart kinds', () => {
    expect(verdict(failure('misconfigured', ''), { ...policy, kind: 'temporary' }, noCounters)).toBe('failed');
    expect(verdict(failure('unauthorized', ''), { ...policy, kind: 'temporary' }, spent)).toBe('needs-auth');
    expect(verdict(exit(0), { ...policy, kind: 'transient', permanentExitCodes: [0] }, noCounters)).toBe('failed');
  });
});

describe('the delay', () => {
  const question = { policy, counters: { ...noCounters, attempt: 1 }, past, at: 1_000, random: 0.5 };

  it.each([
    [1, 250, 500],
    [2, 500, 1_000],
    [3, 1_000, 2_000],
    [7, 15_000, 30_000],
    [8, 15_000, 30_000],
    [2_000, 15_000, 30_000],
  ])('of attempt %i is between %i and %i ms', (attempt, least, most) => {
    const delayWith = (random: number) =>
      retryOf({
        ...question,
        failure: exit(1),
        counters: { ...noCounters, attempt },
        policy: { ...policy, maxConsecutive: 0 },
        random,
      }).delayMs;
    expect([delayWith(0), delayWith(1)]).toEqual([least, most]);
  });

  it('is never less than half of the base, never over the cap, but after a stable life', () => {
    fc.assert(
      fc.property(
        anyFailure,
        anyCounters,
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (cause, counters, stable, random) => {
          const { delayMs } = retryOf({ ...question, failure: cause, counters, past: { ...past, stable }, random });
          const isFree = cause.class === 'clientLost' || (stable && !['unreachable', 'shortage'].includes(cause.class));
          if (isFree) expect(delayMs).toBe(0);
          else expect(delayMs).toSatisfy((ms: number) => ms >= policy.baseMs / 2 && ms <= policy.capMs);
        },
      ),
    );
  });

  it('waits as long as the server asked for, up to the cap', () => {
    const asked = (retryAfterMs: number) =>
      retryOf({ ...question, failure: failure('unreachable', '', { retryAfterMs }) }).delayMs;
    expect([asked(10), asked(2_000), asked(3_600_000)]).toEqual([375, 2_000, 30_000]);
  });

  it('is none if the base is none', () => {
    expect(retryOf({ ...question, failure: exit(1), policy: { ...policy, baseMs: 0 } }).delayMs).toBe(0);
  });

  it('after a stable life is the first delay of the policy', () => {
    expect(
      retryOf({
        ...question,
        failure: exit(1),
        past: { ...past, stable: true },
        policy: { ...policy, firstDelayMs: 42 },
      }).delayMs,
    ).toBe(42);
  });
});

describe('a failure that looks permanent, of a server that has worked', () => {
  const answered = failure('misconfigured', '', { code: 404 });
  const worked = { ...past, worked: true };
  const question = { policy, failure: answered, past: worked, random: 0.5 };

  it.each([
    [599_999, 'backoff'],
    [600_000, 'failed'],
  ])('%i ms after the first of them in a row leads to %s', (lastedMs, verdict) => {
    const counters = { ...noCounters, refusedSince: 5_000 };
    expect(retryOf({ ...question, counters, at: 5_000 + lastedMs })).toMatchObject({
      verdict,
      counters: { refusedSince: 5_000 },
    });
  });

  it('begins its time with the first, and again after one that is counted', () => {
    const first = retryOf({ ...question, counters: noCounters, at: 7_000 });
    expect(first.counters.refusedSince).toBe(7_000);
    expect(countFailure(first.counters, answered, worked).refusedSince).toBe(7_000);
    for (const other of [exit(1), failure('unreachable', '')])
      expect(countFailure(first.counters, other, worked).refusedSince).toBeNull();
  });
});

describe('the window of automatic starts', () => {
  const question = {
    failure: exit(1),
    policy: { ...policy, intensity: 2, periodMs: 10_000 },
    past: { ...past, stable: true },
    random: 0.5,
  };

  it('holds as many as allowed, and forgets by time', () => {
    const counters = { ...noCounters, attempt: 1, automaticStarts: [1_000, 5_000] };
    expect(retryOf({ ...question, counters, at: 10_999 }).verdict).toBe('failed');
    const later = retryOf({ ...question, counters, at: 11_000 });
    expect(later).toMatchObject({ verdict: 'backoff', counters: { automaticStarts: [5_000, 11_000] } });
  });

  it('counts a start when it is due, not when it is decided', () => {
    const { delayMs, counters } = retryOf({
      ...question,
      past,
      counters: { ...noCounters, attempt: 1 },
      at: 50,
    });
    expect([delayMs, counters.automaticStarts]).toEqual([375, [425]]);
  });

  it('is spent by one start if one is allowed; what is too old is forgotten all the same', () => {
    const one = { ...question.policy, intensity: 1 };
    const spent = retryOf({
      ...question,
      policy: one,
      counters: { ...noCounters, attempt: 1, automaticStarts: [0, 5_000] },
      at: 10_000,
    });
    expect(spent).toMatchObject({
      verdict: 'failed',
      counters: { attempt: 1, automaticStarts: [5_000], failureTimes: [10_000] },
    });
  });

  it('is open without an intensity', () => {
    let counters: Counters = { ...noCounters, attempt: 1 };
    for (let at = 0; at < 100; at += 1) {
      const retry = retryOf({ ...question, policy: { ...policy, intensity: 0 }, counters, at });
      expect(retry.verdict).toBe('backoff');
      counters = retry.counters;
    }
    expect(counters.automaticStarts.length, 'it does not grow').toBeLessThanOrEqual(1);
  });

  it('never lets more than the intensity into any period', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4_000), { maxLength: 60 }), (gaps) => {
        let [counters, at]: [Counters, number] = [{ ...noCounters, attempt: 1 }, 0];
        const starts: number[] = [];
        for (const gap of gaps) {
          at += gap;
          const retry = retryOf({ ...question, counters, at });
          counters = retry.counters;
          if (retry.verdict === 'backoff') starts.push(at + retry.delayMs);
        }
        for (const last of starts)
          expect(starts.filter((start) => start <= last && start > last - 10_000).length).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('is not touched by what is not counted', () => {
    const counters = { ...noCounters, unreachable: 1, automaticStarts: [1, 2, 3] };
    expect(retryOf({ ...question, failure: failure('unreachable', ''), counters, at: 4 }).counters).toBe(counters);
  });
});

describe('flapping', () => {
  it('is as many failures within an hour as the policy says', () => {
    const counters = { ...noCounters, failureTimes: [0, 1, 2] };
    const three = { ...policy, flappingPerHour: 3 };
    expect([
      isFlapping(counters, three, 3),
      isFlapping(counters, three, 3_600_000),
      isFlapping(counters, { ...policy, flappingPerHour: 0 }, 3),
    ]).toEqual([true, false, false]);
  });
});

describe('the failures of the last hour', () => {
  const hourMs = 3_600_000;
  const retryAt = (at: number, failureTimes: readonly number[], flappingPerHour = 3) =>
    retryOf({
      failure: exit(1),
      policy: { ...policy, flappingPerHour },
      past: { ...past, stable: true },
      random: 0,
      counters: { ...noCounters, attempt: 1, failureTimes },
      at,
    }).counters.failureTimes;

  it('are remembered for an hour, to the millisecond', () => {
    expect(retryAt(hourMs, [0, 1, 2])).toEqual([1, 2, hourMs]);
    expect(isFlapping({ ...noCounters, failureTimes: [1] }, { ...policy, flappingPerHour: 1 }, hourMs)).toBe(true);
    expect(isFlapping({ ...noCounters, failureTimes: [1] }, { ...policy, flappingPerHour: 1 }, hourMs + 1)).toBe(false);
  });

  it('are no more than one over what makes a server flap', () => {
    expect(retryAt(9, [1, 2, 3, 4, 5])).toEqual([3, 4, 5, 9]);
    expect(retryAt(9, [1, 2, 3, 4, 5], 0)).toEqual([9]);
  });

  it('say until when it flaps: the one that makes it flap is an hour old then', () => {
    expect(flappingUntil({ ...noCounters, failureTimes: [10, 20, 30] }, { ...policy, flappingPerHour: 2 })).toBe(
      hourMs + 20,
    );
    expect(flappingUntil(noCounters, policy)).toBe(hourMs);
  });
});

describe('start slots', () => {
  const slots: Slots = { slots: 3, holders: ['a', 'b', 'c'], queue: ['d', 'e', 'f'] };

  it.each([
    ['a', ['b', 'c'], ['d', 'e', 'f']],
    ['b', ['a', 'c'], ['d', 'e', 'f']],
    ['c', ['a', 'b'], ['d', 'e', 'f']],
    ['d', ['a', 'b', 'c'], ['e', 'f']],
    ['e', ['a', 'b', 'c'], ['d', 'f']],
    ['f', ['a', 'b', 'c'], ['d', 'e']],
    ['nobody', ['a', 'b', 'c'], ['d', 'e', 'f']],
  ])('are given back by %s, who leaves the list it is in', (name, holders, queue) => {
    expect(returnSlot(slots, name)).toEqual({ slots: 3, holders, queue });
  });

  it('are held once by who asked twice: the second place in the queue is given back', () => {
    expect(grantSlots({ slots: 3, holders: [], queue: ['a', 'a', 'b'] }, () => 'ready')).toEqual({
      granted: ['a', 'b'],
      after: { slots: 3, holders: ['a', 'b'], queue: [] },
    });
  });

  it('keep the place of who is held back, and go to those behind', () => {
    expect(
      grantSlots({ slots: 2, holders: [], queue: ['a', 'held', 'b', 'c'] }, (name) =>
        name === 'held' ? 'held' : 'ready',
      ),
    ).toEqual({
      granted: ['a', 'b'],
      after: { slots: 2, holders: ['a', 'b'], queue: ['held', 'c'] },
    });
  });

  it('are neither held by the dead nor given to them', () => {
    expect(
      grantSlots({ slots: 2, holders: ['dead', 'a'], queue: ['dead', 'b', 'c'] }, (name) =>
        name === 'dead' ? 'gone' : 'ready',
      ),
    ).toEqual({
      granted: ['b'],
      after: { slots: 2, holders: ['a', 'b'], queue: ['c'] },
    });
  });

  it('keep their order, never exceed their number, and are idle only when no server waits', () => {
    const server = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.tuple(fc.boolean(), server), { maxLength: 40 }),
        (count, script) => {
          let slots: Slots = { slots: count, holders: [], queue: [] };
          for (const [wants, name] of script) {
            const { queue } = wants ? wantSlot(slots, name) : returnSlot(slots, name);
            const { granted, after } = grantSlots(
              wants ? wantSlot(slots, name) : returnSlot(slots, name),
              () => 'ready',
            );
            expect(granted).toEqual(queue.slice(0, granted.length));
            expect(after.holders.length).toBeLessThanOrEqual(count);
            expect(after.queue.length === 0 || after.holders.length === count).toBe(true);
            slots = after;
          }
        },
      ),
    );
  });
});
