import { describe, expect, it } from 'vitest';
import { type Failure, failure } from '../../../machines/failure.ts';
import type { RestartKind } from '../../../machines/policy/policy.ts';
import { soughtBy } from '../../../machines/server/looking.ts';
import { exit, policyOf, type ServerUnderTest } from '../../support/charts/chart.ts';
import {
  connectedStates,
  endingStates,
  liveStates,
  passUntil,
  type State,
  serverIn,
  startingStates,
} from './states.ts';

type Verdict = 'backoff' | 'failed' | 'idle' | 'needs-auth';
type Delay = 'none' | 'backoff' | 'first';

interface Way {
  readonly failure: Failure;
  /** The state it leads to, by restart kind: permanent, transient, temporary. */
  readonly leadsTo: readonly [Verdict, Verdict, Verdict];
  readonly counted: boolean;
  /** Looks permanent, but a server that has worked is only away. */
  readonly passing?: true;
  /** The delay after a stable life. */
  readonly stable: { readonly counted: boolean; readonly delay: Delay };
}

const restarts = ['backoff', 'backoff', 'failed'] as const;
const never = ['failed', 'failed', 'failed'] as const;
const countedAlways = { counted: true, stable: { counted: true, delay: 'first' } } as const;
const passing = { counted: true, passing: true, stable: { counted: false, delay: 'backoff' } } as const;

/** Every way in which a life ends by itself. */
const ways: Record<string, Way> = {
  'exit 0': { failure: exit(0), leadsTo: ['backoff', 'idle', 'idle'], ...countedAlways },
  'exit 1': { failure: exit(1), leadsTo: restarts, ...countedAlways },
  'exit 78': { failure: exit(78), leadsTo: never, ...countedAlways },
  'exit 126': { failure: exit(126), leadsTo: never, ...countedAlways },
  'exit 127': { failure: exit(127), leadsTo: never, ...countedAlways },
  'a signal': { failure: exit(null, 'SIGSEGV'), leadsTo: restarts, ...countedAlways },
  'spawnFailed ENOENT': { failure: failure('spawnFailed', '', { code: 'ENOENT' }), leadsTo: never, ...passing },
  'spawnFailed EACCES': { failure: failure('spawnFailed', '', { code: 'EACCES' }), leadsTo: never, ...passing },
  'spawnFailed ETXTBSY': {
    failure: failure('spawnFailed', '', { code: 'ETXTBSY' }),
    leadsTo: restarts,
    ...countedAlways,
  },
  shortage: {
    failure: failure('shortage', '', { code: 'EMFILE' }),
    leadsTo: ['backoff', 'backoff', 'backoff'],
    counted: false,
    stable: { counted: false, delay: 'backoff' },
  },
  timedOut: { failure: failure('timedOut', '', { phase: 'listing' }), leadsTo: restarts, ...countedAlways },
  disconnected: { failure: failure('disconnected', ''), leadsTo: restarts, ...countedAlways },
  messageTooLarge: { failure: failure('messageTooLarge', ''), leadsTo: restarts, ...countedAlways },
  handshakeFailed: { failure: failure('handshakeFailed', ''), leadsTo: restarts, ...countedAlways },
  protocolUnsupported: { failure: failure('protocolUnsupported', ''), leadsTo: never, ...passing },
  misconfigured: { failure: failure('misconfigured', '', { code: 404 }), leadsTo: never, ...passing },
  internal: { failure: failure('internal', ''), leadsTo: restarts, ...countedAlways },
  unauthorized: {
    failure: failure('unauthorized', '', { code: 401 }),
    leadsTo: ['needs-auth', 'needs-auth', 'needs-auth'],
    counted: false,
    stable: { counted: false, delay: 'none' },
  },
  sessionLost: {
    failure: failure('sessionLost', '', { code: 404 }),
    leadsTo: restarts,
    counted: true,
    stable: { counted: false, delay: 'none' },
  },
  unreachable: {
    failure: failure('unreachable', ''),
    leadsTo: restarts,
    counted: false,
    stable: { counted: false, delay: 'backoff' },
  },
  clientLost: {
    failure: failure('clientLost', ''),
    leadsTo: ['backoff', 'backoff', 'backoff'],
    counted: false,
    stable: { counted: false, delay: 'none' },
  },
};

const kinds: readonly RestartKind[] = ['permanent', 'transient', 'temporary'];
const cases = kinds.flatMap((kind, index) =>
  Object.entries(ways).map(([name, way]) => ({
    kind,
    name,
    way,
    verdict: way.leadsTo[index] as Verdict,
    onceItWorked: (way.passing ? restarts : way.leadsTo)[index] as Verdict,
  })),
);

/** What comes next, and whether it counts, by the state in which the life ends. */
function endIn(state: State, { way, verdict, onceItWorked }: (typeof cases)[number]) {
  const hasWorked = state.startsWith('connected');
  return hasWorked
    ? { verdict: onceItWorked, counted: way.counted && way.passing !== true }
    : { verdict, counted: way.counted };
}

/** The state in which a server settles once its session has ended. */
const settledIn: Record<Verdict, string> = {
  backoff: 'backoff.delaying',
  failed: 'failed',
  idle: 'idle.resting',
  'needs-auth': 'needs-auth',
};

function delayIn(server: ServerUnderTest): number {
  return (server.context().nextRetryAt ?? Number.NaN) - server.clock.now();
}

describe.each(cases)('a $kind server that ends by $name', (one) => {
  const { kind, way } = one;
  const policy = { restart: { kind, firstDelayMs: 7 } };

  it.each([...startingStates, ...connectedStates])(
    'with nothing left of it goes straight to what comes next, from %s',
    (state) => {
      const { verdict, counted } = endIn(state, one);
      const server = serverIn(state, { policy });
      server.news('session.ended', { failure: way.failure });
      expect(server.state()).toBe(settledIn[verdict]);
      expect(server.sessions()).toEqual([]);
      expect(server.context()).toMatchObject({
        pid: null,
        wanted: 'up',
        lastFailure: { ...way.failure, at: server.clock.now() },
      });
      expect(server.context().counters.attempt).toBe(counted ? 1 : 0);
      if (verdict === 'backoff') {
        const expected = way.failure.class === 'clientLost' ? 0 : 375;
        expect(delayIn(server), '¾ of 500 ms, for chance is ½').toBe(expected);
        expect(server.context().counters.automaticStarts).toHaveLength(counted ? 1 : 0);
      } else expect(server.context().nextRetryAt).toBeNull();
      const looks = server.tags().has('looks') && soughtBy(server.context()) !== null;
      if (verdict !== 'backoff') expect(server.clock.armed(), 'no timer').toBe(looks ? 1 : 0);
      server.stop();
    },
  );

  it.each([...startingStates, ...connectedStates])('with a process left of it is ended first, from %s', (state) => {
    const { verdict } = endIn(state, one);
    const server = serverIn(state, { policy });
    server.news('session.failed', { failure: way.failure });
    expect(server.state()).toBe('stopping.closing');
    expect(server.context().next).toBe(verdict);
    expect(server.orders.at(-1)).toEqual({ type: 'end', kind: 'close' });
    server.news('session.ended');
    expect(server.state()).toBe(settledIn[verdict]);
    expect(server.context().lastFailure?.class).toBe(way.failure.class);
    server.stop();
  });

  it.each([...startingStates, ...connectedStates])(
    'with its leader gone is not asked politely any more, from %s',
    (state) => {
      const { verdict, counted } = endIn(state, one);
      const server = serverIn(state, { policy });
      server.news('session.exited', { failure: way.failure });
      expect(server.state()).toBe('stopping.terminating');
      expect(server.orders.at(-1)).toEqual({ type: 'end', kind: 'terminate' });
      server.news('session.ended', { failure: way.failure });
      expect(server.state()).toBe(settledIn[verdict]);
      expect(server.context().counters.attempt, 'told twice, counted once').toBe(counted ? 1 : 0);
      server.stop();
    },
  );

  it('after a stable life', () => {
    const server = serverIn('connected.quiet', { policy });
    server.clock.advance(60_000);
    expect(server.context().stable).toBe(true);
    const verdict = one.onceItWorked;
    server.news('session.ended', { failure: way.failure });
    expect(server.state()).toBe(settledIn[verdict]);
    expect(server.context().counters.attempt).toBe(way.stable.counted ? 1 : 0);
    if (verdict === 'backoff') expect(delayIn(server)).toBe({ none: 0, first: 7, backoff: 375 }[way.stable.delay]);
    server.stop();
  });

  it('when the end was asked for is no failure', () => {
    const server = serverIn('connected.quiet', { policy });
    server.command('stop');
    server.news('session.failed', { failure: way.failure });
    server.news('session.ended', { failure: way.failure });
    expect(server.state()).toBe('idle.resting');
    expect(server.context()).toMatchObject({ lastFailure: null, counters: { attempt: 0 } });
    expect(server.emitted.filter(({ type }) => type === 'server.failed')).toEqual([]);
    server.stop();
  });
});

describe('a phase that takes too long', () => {
  const phases = [
    { state: 'starting.spawning', phase: 'spawning', budgetMs: 30_000 },
    { state: 'starting.initializing', phase: 'initializing', budgetMs: 30_000 },
    { state: 'starting.listing', phase: 'listing', budgetMs: 30_000 },
  ] as const;

  it.each(phases)('ends $state after $budgetMs ms, and not before', ({ state, phase, budgetMs }) => {
    const server = serverIn(state);
    server.clock.advance(budgetMs - 1);
    expect(server.state()).toBe(state);
    server.clock.advance(1);
    expect(server.state()).toBe('stopping.closing');
    expect(server.context()).toMatchObject({ next: 'backoff', failure: { class: 'timedOut', phase } });
    expect(server.context().failure?.message).toContain(String(budgetMs));
    server.news('session.ended');
    expect(server.state()).toBe('backoff.delaying');
    expect(server.context().counters.attempt).toBe(1);
  });

  it.each(phases)('is final for a temporary server in $state', ({ state, budgetMs }) => {
    const server = serverIn(state, { policy: { restart: { kind: 'temporary' } } });
    server.clock.advance(budgetMs);
    server.news('session.ended');
    expect(server.state()).toBe('failed');
  });
});

describe('a server that is at work before it answers', () => {
  it('is given more time, as long as it works and installTimeoutMs is not over', () => {
    const server = serverIn('starting.initializing');
    for (let passedMs = 0; passedMs < 116_000; passedMs += 29_000) {
      server.clock.advance(29_000);
      server.news('session.progressed');
    }
    server.clock.advance(3_999);
    expect(server.state()).toBe('starting.initializing');
    server.clock.advance(1);
    expect(server.state()).toBe('stopping.closing');
    expect(server.context().failure).toMatchObject({
      class: 'timedOut',
      phase: 'initializing',
      code: 'TIMED_OUT',
      message: 'initializing took longer than 120000 ms (installTimeoutMs); the next start is given 240000 ms',
    });
  });

  it('is given twice the time after each start that it was cut in, up to an hour, until it has connected', () => {
    const server = serverIn('starting.spawning', { policy: { restart: { maxConsecutive: 20 } } });
    const cutAfterMs = (): number => {
      server.news('session.spawned');
      let workedMs = 0;
      for (; server.state() === 'starting.initializing'; workedMs += 20_000) {
        server.clock.advance(20_000);
        server.news('session.progressed');
      }
      server.news('session.ended');
      expect(server.state()).toBe('backoff.delaying');
      server.send('server.retry');
      expect(server.state()).toBe('starting.spawning');
      return workedMs;
    };
    const minutes = Array.from({ length: 7 }, () => cutAfterMs() / 60_000);
    expect(minutes).toEqual([2, 4, 8, 16, 32, 60, 60]);
    expect(server.context().lastFailure?.message).toBe(
      'initializing took longer than 3600000 ms (installTimeoutMs, lengthened)',
    );
    server.news('session.spawned');
    server.news('session.initialized');
    server.news('session.ready');
    expect(server.state()).toBe('connected.quiet');
    server.news('session.ended');
    server.send('server.retry');
    expect(cutAfterMs()).toBe(120_000);
    const { policy } = server.context();
    server.send('server.configure', { policy, changed: true, wanted: null });
    server.news('session.ended');
    expect([server.state(), cutAfterMs()], 'another specification begins again').toEqual([
      'starting.spawning',
      120_000,
    ]);
  });

  it('is given up startTimeoutMs after its last work', () => {
    const server = serverIn('starting.initializing');
    server.clock.advance(20_000);
    server.news('session.progressed');
    server.clock.advance(29_999);
    expect(server.state()).toBe('starting.initializing');
    server.clock.advance(1);
    expect(server.state()).toBe('stopping.closing');
    expect(server.context().failure?.message).toBe('initializing took longer than 30000 ms');
  });

  it('has the usual time for its lists, whatever it does', () => {
    const server = serverIn('starting.listing');
    server.clock.advance(20_000);
    server.news('session.progressed');
    server.clock.advance(10_000);
    expect(server.context().failure).toMatchObject({ class: 'timedOut', phase: 'listing' });
  });
});

describe('a server that hangs', () => {
  it.each(kinds)('is counted, and restarted by its kind: %s', (kind) => {
    const server = serverIn('heartbeat-timeout.terminating', { policy: { restart: { kind } } });
    expect(server.context()).toMatchObject({
      failure: { class: 'hung', phase: 'connected' },
      counters: { attempt: 1 },
    });
    server.news('session.exited', { failure: exit(null, 'SIGTERM') });
    expect(server.state(), 'commands and news do not change this state').toBe('heartbeat-timeout.terminating');
    server.news('session.ended', { failure: exit(null, 'SIGTERM') });
    expect(server.state()).toBe(kind === 'temporary' ? 'failed' : 'backoff.delaying');
    expect(server.context().lastFailure).toMatchObject({ class: 'hung', signal: 'SIGTERM' });
  });

  it('was not stable if its last message came before the time was over', () => {
    const server = serverIn('backoff.delaying', { policy: { heartbeat: { misses: 20 } } });
    server.command('retry');
    for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
    server.temper.answers = false;
    passUntil(server, 'heartbeat-timeout.terminating');
    expect(server.context()).toMatchObject({ stable: false, counters: { attempt: 2 } });
    server.news('session.ended');
    expect(delayIn(server)).toBe(750);
  });

  it('was stable if it spoke long enough', () => {
    const server = serverIn('backoff.delaying');
    server.command('retry');
    for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
    server.clock.advance(100_000);
    server.temper.answers = false;
    passUntil(server, 'heartbeat-timeout.terminating');
    expect(server.context()).toMatchObject({ stable: true, counters: { attempt: 1 } });
    server.news('session.ended');
    expect(delayIn(server)).toBe(0);
  });
});

describe('the first cause of the end', () => {
  it('alone decides, and later news adds how the process exited', () => {
    const server = serverIn('connected.quiet');
    server.news('session.failed', { failure: failure('disconnected', 'stdout closed') });
    server.news('session.exited', { failure: { ...exit(78), stderrTail: ['bye'] } });
    expect(server.context().next).toBe('backoff');
    server.news('session.ended', { failure: exit(78) });
    expect(server.state()).toBe('backoff.delaying');
    expect(server.context().lastFailure).toMatchObject({ class: 'disconnected', exitCode: 78, stderrTail: ['bye'] });
  });

  it('is internal when the session ends unasked without saying why', () => {
    const server = serverIn('connected.quiet');
    server.news('session.ended');
    expect(server.context().lastFailure?.class).toBe('internal');
  });

  it('is emitted once, when nothing of the session is left', () => {
    const server = serverIn('connected.quiet');
    server.news('session.failed');
    expect(server.emitted).toEqual([]);
    server.news('session.ended', { failure: exit(1) });
    expect(server.emitted.map(({ type }) => type)).toEqual(['server.failed']);
  });

  it.each(endingStates)('is completed by news in %s', (state) => {
    const server = serverIn(state);
    server.news('session.failed', { failure: { ...exit(3), stderrTail: ['from below'] } });
    expect(server.context().failure).toMatchObject({ exitCode: 3, stderrTail: ['from below'] });
    server.news('session.exited', { failure: exit(4) });
    expect(server.context().failure?.exitCode, 'the first code stays').toBe(3);
  });

  it.each(endingStates)('is completed by the exit of the leader while others of its group live on, in %s', (state) => {
    const server = serverIn(state);
    server.news('session.exited', { failure: { ...exit(3), stderrTail: ['from below'] } });
    expect(server.context().failure).toMatchObject({ exitCode: 3, stderrTail: ['from below'] });
  });
});

describe('the ladder', () => {
  it('goes from close to terminate to kill to stuck, each in its own time', () => {
    const server = serverIn('connected.quiet', { policy: { stop: { closeMs: 100, terminateMs: 200, killMs: 400 } } });
    server.command('stop');
    server.clock.advance(99);
    expect(server.state()).toBe('stopping.closing');
    server.clock.advance(1);
    expect(server.state()).toBe('stopping.terminating');
    server.clock.advance(199);
    expect(server.state()).toBe('stopping.terminating');
    server.clock.advance(1);
    expect(server.state()).toBe('stopping.killing');
    server.clock.advance(399);
    expect(server.state()).toBe('stopping.killing');
    server.clock.advance(1);
    expect(server.state()).toBe('stopping.stuck');
    expect(server.orders.flatMap((order) => (order.type === 'end' ? [order.kind] : []))).toEqual([
      'close',
      'terminate',
      'kill',
      'kill',
    ]);
  });

  it('of a hung server begins at terminate, and takes the same times', () => {
    const server = serverIn('heartbeat-timeout.terminating', { policy: { stop: { terminateMs: 200, killMs: 400 } } });
    server.clock.advance(200);
    expect(server.state()).toBe('heartbeat-timeout.killing');
    server.clock.advance(400);
    expect(server.state()).toBe('heartbeat-timeout.stuck');
  });

  it.each(['stopping.stuck', 'heartbeat-timeout.stuck'] as const)('sends KILL again every 30 s, in %s', (state) => {
    const server = serverIn(state);
    server.clock.advance(90_000);
    expect(server.orders).toEqual(Array.from({ length: 3 }, () => ({ type: 'end', kind: 'kill' })));
    expect(server.state()).toBe(state);
  });

  it.each(endingStates)('is left by the end of the session only, from %s', (state) => {
    const server = serverIn(state);
    for (const kind of ['start', 'stop', 'restart', 'retry', 'reset'] as const) server.command(kind);
    for (const type of [
      'server.needed',
      'server.remove',
      'server.shutdown',
      'machine.resumed',
      'slot.granted',
    ] as const)
      server.send(type);
    for (const type of ['session.initialized', 'session.ready', 'session.failed', 'probe.answered'] as const)
      server.news(type);
    expect(server.state()).toBe(state);
    server.news('session.ended');
    expect(server.state()).toBe('idle.resting');
  });

  it.each(['stopping.terminating', 'stopping.killing'] as const)(
    'does not begin again when the leader is gone, in %s',
    (state) => {
      const server = serverIn(state);
      server.news('session.exited');
      expect(server.state()).toBe(state);
      expect(server.orders).toEqual([]);
    },
  );

  it('goes on at once to terminate when the leader is gone while it is asked politely', () => {
    const server = serverIn('stopping.closing');
    server.news('session.exited', { failure: exit(5) });
    expect(server.state()).toBe('stopping.terminating');
    expect(server.context().failure?.exitCode).toBe(5);
  });

  it.each(endingStates)('remembers a process that came up late, in %s', (state) => {
    const server = serverIn(state);
    server.news('session.spawned', { pid: 99 });
    expect(server.context().pid).toBe(99);
  });
});

describe.each(liveStates)('news of an older life, in %s', (state) => {
  const types = [
    'session.spawned',
    'session.progressed',
    'session.initialized',
    'session.ready',
    'session.doubted',
    'session.unread',
    'session.crowded',
    'session.failed',
    'session.exited',
    'session.ended',
    'probe.answered',
  ] as const;

  it.each(types)('%s changes nothing', (type) => {
    const server = serverIn(state, { generation: 5 });
    const before = server.context();
    server.send(type, { generation: 5, pid: 1, failure: exit(1), reason: '', latencyMs: 1 });
    expect(server.state()).toBe(state);
    expect(server.context()).toEqual(before);
  });
});

describe('the budget', () => {
  it('ends in failed at the last failure in a row', () => {
    const server = serverIn('starting.spawning', { policy: { restart: { maxConsecutive: 3 } }, slotAfterMs: 0 });
    for (const expected of ['backoff.delaying', 'backoff.delaying', 'failed']) {
      server.news('session.ended', { failure: exit(1) });
      expect(server.state()).toBe(expected);
      if (expected !== 'failed') passUntil(server, 'starting.spawning');
    }
    expect(server.context().counters.attempt).toBe(3);
  });

  it('ends in failed when more automatic starts would fall into the window, however stable the lives', () => {
    const server = serverIn('connected.quiet', {
      policy: { restart: { intensity: 2, periodMs: 600_000 } },
      slotAfterMs: 0,
    });
    for (const expected of ['backoff.delaying', 'backoff.delaying', 'failed']) {
      server.clock.advance(61_000);
      server.news('session.ended', { failure: exit(1) });
      expect(server.state()).toBe(expected);
      if (expected === 'failed') break;
      passUntil(server, 'starting.spawning');
      for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
    }
    expect(server.context()).toMatchObject({ nextRetryAt: null, counters: { attempt: 1 } });
  });

  it('is not spent by an unreachable server, whose delay grows up to the cap', () => {
    const server = serverIn('starting.spawning', {
      policy: { restart: { maxConsecutive: 2, intensity: 2, capMs: 4_000 } },
      slotAfterMs: 0,
    });
    const delays = Array.from({ length: 6 }, () => {
      server.news('session.ended', { failure: failure('unreachable', 'refused') });
      const delayMs = delayIn(server);
      passUntil(server, 'starting.spawning');
      return delayMs;
    });
    expect(delays).toEqual([375, 750, 1_500, 3_000, 3_000, 3_000]);
  });

  it('is forgiven by stability, but the window is not', () => {
    const server = serverIn('backoff.delaying');
    server.command('retry');
    for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
    server.clock.advance(59_999);
    expect(server.context()).toMatchObject({ stable: false, counters: { attempt: 1 } });
    server.clock.advance(1);
    expect(server.context()).toMatchObject({ stable: true, forgivenAttempt: 1, counters: { attempt: 0 } });
    expect(server.context().counters.automaticStarts).toHaveLength(1);
  });
});

describe('a changed specification of a server whose next state is failed', () => {
  it('makes it start', () => {
    const server = serverIn('connected.quiet');
    server.news('session.failed', { failure: exit(78) });
    expect(server.context().next).toBe('failed');
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    server.news('session.ended', { failure: exit(78) });
    expect(server.state()).toBe('idle.queued');
  });
});

describe('a session that is taken over', () => {
  it.each([
    [50_000, 10_000],
    [59_999, 1],
  ])('has been ready for %i ms, and is stable after %i ms more', (forMs, leftMs) => {
    const server = serverIn('starting.initializing');
    server.news('session.initialized');
    const readyAt = server.clock.now();
    server.news('session.ready', { forMs });
    expect(server.context()).toMatchObject({ connectedAt: readyAt - forMs, stable: false });
    server.clock.advance(leftMs - 1);
    expect(server.context().stable).toBe(false);
    server.clock.advance(1);
    expect(server.context().stable).toBe(true);
  });
});
