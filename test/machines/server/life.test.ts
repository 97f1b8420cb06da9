import { describe, expect, it } from 'vitest';
import { type Failure, failure } from '../../../machines/failure.ts';
import { noCounters } from '../../../machines/policy/restart.ts';
import type { ServerContext } from '../../../machines/server/context.ts';
import { jitteredQuietOf, quietLeftOf } from '../../../machines/server/heartbeat.ts';
import {
  beginLife,
  conclude,
  connect,
  contextOf,
  fail,
  forgetFailures,
  forgive,
  hang,
  timeOut,
} from '../../../machines/server/life.ts';
import { exit, policyOf } from '../../support/charts/chart.ts';

const policy = policyOf();
const never = 2_147_483_647;
const born = contextOf({ name: 'a', policy, wanted: 'up' });
const at = (changes: Partial<ServerContext>): ServerContext => ({ ...born, ...changes });
const attempts = (attempt: number) => ({ ...noCounters, attempt });

describe('a server that is born', () => {
  it('remembers nothing, and wishes to start if it is wanted up', () => {
    expect(born).toEqual({
      name: 'a',
      holder: null,
      policy,
      wanted: 'up',
      phase: 'resting',
      generation: 0,
      starts: 0,
      counters: { attempt: 0, unreachable: 0, refusedSince: null, automaticStarts: [], failureTimes: [] },
      failure: null,
      lastFailure: null,
      lastEnd: null,
      endAsked: false,
      next: 'idle',
      delayMs: 0,
      nextRetryAt: null,
      autostart: true,
      called: false,
      waitingFor: [],
      blockedBy: null,
      heldFor: [],
      heldAwake: false,
      pid: null,
      connectedAt: null,
      worked: false,
      cutAtWork: 0,
      renewed: false,
      stable: false,
      forgivenAttempt: 0,
      quietMs: never,
      misses: 0,
      callLeftMs: 0,
      question: 0,
      latencyMs: null,
      unread: [],
      crowding: null,
      open: [],
      removing: false,
      shuttingDown: false,
    } satisfies ServerContext);
  });

  it('waits for all its dependencies until it learns about them', () => {
    expect(contextOf({ name: 'a', policy: policyOf({ dependsOn: ['d'] }), wanted: 'up' }).waitingFor).toEqual(['d']);
  });

  it('rests if it is lazy, wanted down, or its forerunners died too often', () => {
    const lastFailure = { ...failure('internal', ''), at: 7 };
    expect(contextOf({ name: 'a', policy: policyOf({ lazy: true }), wanted: 'up' })).toMatchObject({
      autostart: false,
      next: 'idle',
    });
    expect(contextOf({ name: 'a', policy, wanted: 'down' })).toMatchObject({ autostart: false, next: 'idle' });
    expect(contextOf({ name: 'a', policy, wanted: 'up', failure: lastFailure, generation: 4 })).toMatchObject({
      autostart: false,
      next: 'failed',
      lastFailure,
      generation: 4,
    });
  });
});

describe('a life that begins', () => {
  it('has the next generation, and nothing of the last one but the counters', () => {
    const lived = at({
      generation: 3,
      starts: 2,
      counters: attempts(1),
      failure: exit(1),
      endAsked: true,
      next: 'backoff',
      autostart: true,
      called: true,
      heldFor: ['t'],
      connectedAt: 5,
      stable: true,
      forgivenAttempt: 2,
      misses: 1,
      latencyMs: 3,
      unread: [{ list: 'prompts', reason: 'no answer' }],
      crowding: { bound: 'process', most: 9 },
    });
    expect({ ...lived, ...beginLife(lived) }).toEqual({
      ...born,
      generation: 4,
      starts: 3,
      counters: attempts(1),
      autostart: false,
    });
  });

  it('is first probed at a moment of chance within the interval', () => {
    expect(connect(born, { at: 9, random: 0.25 })).toMatchObject({ connectedAt: 9, quietMs: 3_750 });
  });
});

describe('the quiet time', () => {
  it('is spread over the interval, or over less', () => {
    expect([
      jitteredQuietOf(1_000, 0),
      jitteredQuietOf(1_000, 0.5),
      jitteredQuietOf(1_000, 1),
      jitteredQuietOf(1_000, 0.5, 100),
    ]).toEqual([0, 500, 1_000, 50]);
  });

  it('is what is left of the interval after a silence', () => {
    expect([quietLeftOf(1_000, 400), quietLeftOf(1_000, 400.5), quietLeftOf(1, 0)]).toEqual([600, 600, 1]);
  });

  it('is never over without a heartbeat', () => {
    expect([jitteredQuietOf(0, 0.5), quietLeftOf(0, 400)]).toEqual([never, never]);
  });

  it('is spread over an interval of one millisecond, too', () => {
    expect(jitteredQuietOf(1, 1)).toBe(1);
  });
});

describe('a life that has been stable', () => {
  it('forgives the failures in a row, and remembers how many there were', () => {
    const counters = { attempt: 3, unreachable: 2, refusedSince: null, automaticStarts: [1], failureTimes: [2] };
    expect(forgive(at({ counters }))).toEqual({
      stable: true,
      renewed: false,
      forgivenAttempt: 3,
      counters: { ...counters, attempt: 0, unreachable: 0 },
    });
  });
});

describe('the first cause of an end', () => {
  it('decides; later news adds how the process exited, and its last words', () => {
    const first: Failure = { ...failure('disconnected', 'stdout was closed'), stderrTail: ['early'] };
    const later: Failure = { ...exit(1, 'SIGTERM'), exitCode: 1, stderrTail: ['late'] };
    expect(fail(at({ failure: first, counters: attempts(1) }), { failure: later })).toEqual({
      failure: { ...first, exitCode: 1, signal: 'SIGTERM', stderrTail: ['late'] },
    });
    expect(fail(at({ failure: later }), { failure: exit(2, 'SIGKILL') })).toEqual({ failure: later });
    expect(fail(at({ failure: first }), { failure: exit(2) }).failure?.stderrTail).toEqual(['early']);
  });

  it('is none if the end was asked for', () => {
    expect(fail(at({ endAsked: true }), { failure: exit(1) })).toEqual({});
  });

  it('leads to rest if the server is to go, whatever the verdict', () => {
    for (const going of [{ removing: true }, { shuttingDown: true }, { removing: true, shuttingDown: true }]) {
      expect(fail(at(going), { failure: exit(1) })).toMatchObject({ next: 'idle', counters: { attempt: 1 } });
    }
    expect(fail(born, { failure: exit(1) }).next).toBe('backoff');
  });
});

describe('a hang', () => {
  const connected = at({ connectedAt: 1_000, stable: true, forgivenAttempt: 4, misses: 3 });
  const heard = (spokeForMs: number) => ({ at: 100_000, quietForMs: 99_000 - spokeForMs, hadCalls: false });

  it('after a life that spoke long enough is that of a stable server', () => {
    expect(hang(connected, heard(60_000))).toMatchObject({ stable: true, counters: { attempt: 1 }, next: 'backoff' });
  });

  it('after a life that only kept its connection proves that it was not stable: what was forgiven counts again', () => {
    expect(hang(connected, heard(59_999))).toMatchObject({ stable: false, counters: { attempt: 5 } });
  });

  it('of a server that never was stable counts once', () => {
    expect(hang(at({ connectedAt: 1_000, counters: attempts(2), forgivenAttempt: 4 }), heard(70_000))).toMatchObject({
      stable: false,
      counters: { attempt: 3 },
    });
    expect(hang(at({ stable: true }), heard(60_000)), 'one that was never connected never spoke').toMatchObject({
      stable: false,
    });
  });

  it('says what was tried', () => {
    expect(hang(connected, { at: 100_000, quietForMs: 20_000.4, hadCalls: false }).failure).toMatchObject({
      class: 'hung',
      phase: 'connected',
      message: 'no answer to 3 probes and a confirmation; silent for 20000 ms',
    });
  });
});

describe('a start that takes too long', () => {
  it('is a failure of its phase', () => {
    expect(timeOut(born, 'listing').failure).toMatchObject({
      class: 'timedOut',
      message: 'listing took longer than 30000 ms',
      phase: 'listing',
      code: 'TIMED_OUT',
    });
  });
});

describe('the end of a life', () => {
  const ended = (cause: Failure | null) => ({ failure: cause, at: 500, random: 0.5 });

  it('that was asked for leaves nothing to remember', () => {
    const asked = at({ endAsked: true, pid: 7 });
    expect(conclude(asked, ended(null))).toEqual({ pid: null });
    expect(conclude(asked, ended(exit(1)))).toEqual({ pid: null });
  });

  it('that nobody asked for and that has no reason is a bug of ours', () => {
    expect(conclude(at({ pid: 7 }), ended(null))).toMatchObject({
      pid: null,
      next: 'backoff',
      lastFailure: {
        class: 'internal',
        message: 'the session ended without being asked and without a reason',
        at: 500,
      },
    });
  });

  it('that leads to backoff says when the next begins', () => {
    expect(conclude(at({ pid: 7 }), ended(exit(1)))).toMatchObject({
      pid: null,
      next: 'backoff',
      delayMs: 375,
      nextRetryAt: 875,
      counters: { attempt: 1, automaticStarts: [875], failureTimes: [500] },
      lastFailure: { class: 'exited', at: 500 },
    });
  });

  it('that spends the window of automatic starts leads to failed, and to no retry', () => {
    const spent = at({
      policy: policyOf({ restart: { intensity: 1 } }),
      counters: { ...noCounters, automaticStarts: [400] },
    });
    expect(conclude(spent, ended(exit(1)))).toMatchObject({
      next: 'failed',
      nextRetryAt: null,
      delayMs: 375,
      counters: { automaticStarts: [400] },
    });
  });

  it('that leads elsewhere plans no retry', () => {
    const change = conclude(at({ pid: 7 }), ended(failure('misconfigured', '')));
    expect(change).toMatchObject({ next: 'failed', pid: null, lastFailure: { class: 'misconfigured', at: 500 } });
    expect(change).not.toHaveProperty('nextRetryAt');
  });
});

describe('a person who forgives', () => {
  it('lets a server count again, and try again where it was to give up', () => {
    expect(forgetFailures(at({ next: 'failed' }))).toEqual({
      counters: noCounters,
      renewed: false,
      forgivenAttempt: 0,
      next: 'backoff',
    });
    expect(forgetFailures(at({ next: 'needs-auth' })).next).toBe('needs-auth');
  });
});

describe('a failure', () => {
  it('has every field, most of them empty', () => {
    expect(failure('hung', 'silent')).toEqual({
      class: 'hung',
      message: 'silent',
      phase: null,
      code: null,
      exitCode: null,
      signal: null,
      stderrTail: [],
      retryAfterMs: null,
    });
  });
});
