import { describe, expect, it } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import type { Prospect } from '../../../machines/server/clearance.ts';
import { exit, type PolicyOverrides, policyOf, type ServerUnderTest } from '../../support/charts/chart.ts';
import { endingStates, passUntil, type State, serverIn, states } from './states.ts';

const blocker = (standing: Exclude<Prospect, 'connected' | 'coming'> = 'failed') => ({ server: 'd', standing });
const misses = (server: ServerUnderTest) => server.send('dependencies.changed', { waitingFor: ['d'], blockedBy: null });
const blocks = (server: ServerUnderTest) =>
  server.send('dependencies.changed', { waitingFor: ['d'], blockedBy: blocker() });
const clears = (server: ServerUnderTest) => server.send('dependencies.changed', { waitingFor: [], blockedBy: null });
const holds = (server: ServerUnderTest, heldFor: readonly string[] = ['t']) => server.send('round.hold', { heldFor });
const connect = (server: ServerUnderTest) => {
  for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
};
const reasons = (server: ServerUnderTest) =>
  server.emitted.flatMap((event) => (event.type === 'command.settled' ? [event.reason] : []));
const changes = (server: ServerUnderTest) => server.reports.filter(({ type }) => type === 'server.changed').length;

/** A server in a state, with one failure counted and no command open. */
function failedOnce(state: State | 'backoff.waiting', policy: PolicyOverrides = {}): ServerUnderTest {
  const related: PolicyOverrides = { related: true, ...policy };
  if (state === 'failed') return serverIn('failed', { policy: related });
  const server = serverIn('backoff.queued', { policy: related });
  if (state === 'backoff.waiting') misses(server);
  if (state === 'idle.resting') server.command('stop');
  if (state === 'needs-auth') {
    server.send('slot.granted');
    server.news('session.ended', { failure: failure('unauthorized', '401') });
  }
  expect(server.state()).toBe(state);
  expect(server.context().counters.attempt).toBeGreaterThan(0);
  server.emitted.length = 0;
  server.reports.length = 0;
  return server;
}

const restStates = ['idle.resting', 'failed', 'needs-auth'] as const;
const starts = ['start', 'restart'] as const;
const atRest = restStates.flatMap((state) => starts.map((kind) => [kind, state] as const));

describe('a person starts a server at rest', () => {
  it.each(atRest)('whose dependency is not there: %s in %s waits for it, then takes no slot', (kind, state) => {
    const server = failedOnce(state);
    misses(server);
    holds(server);
    const command = server.command(kind);
    expect(server.state()).toBe('idle.waiting');
    expect(server.context()).toMatchObject({ wanted: 'up', autostart: true, heldFor: [], counters: { attempt: 0 } });
    expect(server.outcomes(command)).toEqual([]);
    clears(server);
    expect(server.state()).toBe('starting.spawning');
    connect(server);
    expect(server.outcomes(command)).toEqual(['done']);
  });

  it.each(atRest)('whose dependency is down for good: %s in %s is refused, and the wish stays', (kind, state) => {
    const server = failedOnce(state);
    blocks(server);
    holds(server);
    const command = server.command(kind);
    expect(server.state()).toBe('idle.waiting');
    expect(server.context()).toMatchObject({
      wanted: 'up',
      autostart: true,
      heldFor: [],
      counters: { attempt: 0 },
      open: [],
    });
    expect(server.emitted.map(({ type }) => type)).toEqual([
      'dependencies.changed',
      'command.accepted',
      'command.settled',
    ]);
    expect(server.outcomes(command)).toEqual(['rejected']);
    expect(reasons(server)).toEqual(['dependency "d" is failed']);
    clears(server);
    expect(server.state(), 'nobody waits for it any more').toBe('idle.queued');
  });

  it.each(atRest)('although a round holds it: %s in %s', (kind, state) => {
    const server = failedOnce(state);
    holds(server);
    server.command(kind);
    expect(server.state()).toBe('starting.spawning');
    expect(server.context()).toMatchObject({ wanted: 'up', counters: { attempt: 0 } });
  });

  it.each(atRest)('that is to go: %s in %s is refused', (kind, state) => {
    for (const [type, reason] of [
      ['server.remove', 'removed'],
      ['server.shutdown', 'SHUTTING_DOWN'],
    ] as const) {
      const server = failedOnce(state);
      blocks(server);
      server.send(type);
      const command = server.command(kind);
      expect(server.state()).toBe('idle.resting');
      expect(server.outcomes(command)).toEqual(['rejected']);
      expect(reasons(server)).toEqual([reason]);
    }
  });
});

describe('a person retries a server that wants a person', () => {
  it('whose dependency is not there: it waits, and takes no slot', () => {
    const server = failedOnce('needs-auth');
    misses(server);
    const retry = server.command('retry');
    expect(server.state()).toBe('idle.waiting');
    expect(server.context()).toMatchObject({ autostart: true, counters: { attempt: 1 } });
    clears(server);
    expect(server.state()).toBe('starting.spawning');
    connect(server);
    expect(server.outcomes(retry)).toEqual(['done']);
  });

  it('whose dependency is down for good: it is refused, and stays where it is', () => {
    const server = failedOnce('needs-auth');
    blocks(server);
    const retry = server.command('retry');
    expect(server.state()).toBe('needs-auth');
    expect(server.outcomes(retry)).toEqual(['rejected']);
    expect(reasons(server)).toEqual(['dependency "d" is failed']);
  });
});

const inBackoff = (['backoff.delaying', 'backoff.queued', 'backoff.waiting'] as const).flatMap((state) =>
  (['start', 'restart', 'retry'] as const).map((kind) => [kind, state] as const),
);
const counted = { start: 0, restart: 0, retry: 1 };

describe('a person cuts the delay short', () => {
  const delayed = (state: 'backoff.delaying' | 'backoff.queued' | 'backoff.waiting') => {
    if (state !== 'backoff.delaying') return failedOnce(state);
    const server = serverIn(state, { policy: { related: true } });
    return server;
  };

  it.each(inBackoff)(
    'of a server whose dependency is not there: %s in %s waits for it, then takes no slot',
    (kind, state) => {
      const server = delayed(state);
      misses(server);
      holds(server);
      const command = server.command(kind);
      expect(server.state()).toBe('backoff.waiting');
      expect(server.context()).toMatchObject({ wanted: 'up', heldFor: [], counters: { attempt: counted[kind] } });
      expect(server.context().nextRetryAt, 'the delay is over').toBeLessThanOrEqual(server.clock.now());
      expect(server.outcomes(command)).toEqual([]);
      clears(server);
      expect(server.state()).toBe('starting.spawning');
      connect(server);
      expect(server.outcomes(command)).toEqual(['done']);
    },
  );

  it.each(inBackoff)('of a server whose dependency is down for good: %s in %s is refused', (kind, state) => {
    const server = delayed(state);
    blocks(server);
    holds(server);
    const before = server.state();
    const command = server.command(kind);
    expect(server.state()).toBe(kind === 'retry' ? before : 'backoff.waiting');
    expect((server.context().nextRetryAt ?? 0) > server.clock.now(), 'a delay is still to come').toBe(
      server.state() === 'backoff.delaying',
    );
    expect(server.context()).toMatchObject({
      wanted: 'up',
      heldFor: kind === 'retry' ? ['t'] : [],
      counters: { attempt: counted[kind] },
      open: [],
    });
    expect(server.outcomes(command)).toEqual(['rejected']);
    expect(server.emitted.filter(({ type }) => type === 'command.accepted')).toHaveLength(1);
    expect(reasons(server)).toEqual(['dependency "d" is failed']);
  });

  it.each(inBackoff)('of a server that a round holds: %s in %s starts it at once', (kind, state) => {
    const server = delayed(state);
    clears(server);
    holds(server);
    server.command(kind);
    expect(server.state()).toBe('starting.spawning');
    expect(server.context()).toMatchObject({ wanted: 'up', counters: { attempt: counted[kind] } });
  });
});

describe.each(endingStates)('a start while a session ends, in %s', (state) => {
  it.each(starts)('is refused if a dependency is down for good, and the wish stays: %s', (kind) => {
    const server = serverIn(state, { policy: { related: true } });
    server.command('stop');
    blocks(server);
    holds(server);
    const command = server.command(kind);
    expect(server.state()).toBe(state);
    expect(server.context()).toMatchObject({ wanted: 'up', next: 'starting', heldFor: [], counters: { attempt: 0 } });
    expect(server.outcomes(command)).toEqual(['rejected']);
    expect(reasons(server).at(-1)).toBe('dependency "d" is failed');
    server.news('session.ended');
    expect(server.state()).toBe('idle.waiting');
    clears(server);
    expect(server.state()).toBe('idle.queued');
  });

  it.each(starts)('does not wait for a round: %s', (kind) => {
    const server = serverIn(state, { policy: { related: true } });
    holds(server);
    server.command(kind);
    expect(server.context().heldFor).toEqual([]);
    server.news('session.ended');
    expect(server.state()).toBe('starting.spawning');
  });

  it.each(starts)('is refused of a server that is to go: %s', (kind) => {
    for (const [type, reason] of [
      ['server.remove', 'removed'],
      ['server.shutdown', 'SHUTTING_DOWN'],
    ] as const) {
      const server = serverIn(state);
      blocks(server);
      server.send(type);
      const command = server.command(kind);
      expect(server.context()).toMatchObject({ next: 'idle', open: [] });
      expect(server.outcomes(command)).toEqual(['rejected']);
      expect(reasons(server).at(-1)).toBe(reason);
    }
  });

  it('is forgotten by a stop: what it waits for is told to nobody twice', () => {
    const server = serverIn(state, { policy: { related: true } });
    server.command('stop');
    expect(changes(server), 'its dependents learn of the stop').toBe(1);
  });
});

describe.each([
  'starting.spawning',
  'starting.initializing',
  'starting.listing',
  'connected.quiet',
  'connected.probing',
  'connected.confirming',
] as const)('a restart of a server whose dependency went down for good, in %s', (state) => {
  it('is refused, and ends no session that works', () => {
    const server = serverIn(state);
    blocks(server);
    const restart = server.command('restart');
    expect(server.state()).toBe(state);
    expect(server.outcomes(restart)).toEqual(['rejected']);
    expect(reasons(server)).toEqual(['dependency "d" is failed']);
    expect(server.emitted.filter(({ type }) => type === 'command.accepted')).toHaveLength(1);
  });

  it('goes on if the dependency comes by itself, and waits for it', () => {
    const server = serverIn(state);
    misses(server);
    const restart = server.command('restart');
    server.news('session.ended');
    expect(server.state()).toBe('idle.waiting');
    clears(server);
    expect(server.state()).toBe('starting.spawning');
    expect(server.outcomes(restart)).toEqual([]);
  });
});

describe('a dependency that goes', () => {
  it('stops no healthy server', () => {
    const server = serverIn('connected.quiet');
    blocks(server);
    expect(server.state()).toBe('connected.quiet');
    expect(server.context()).toMatchObject({ waitingFor: ['d'], blockedBy: blocker() });
  });

  it('makes a server wait that was in the queue, and gives its place back', () => {
    for (const state of ['idle.queued', 'backoff.queued'] as const) {
      const server = serverIn(state);
      misses(server);
      expect(server.state()).toBe(state.replace('queued', 'waiting'));
      expect(server.reports.map(({ type }) => type)).toContain('slot.returned');
      clears(server);
      expect(server.state()).toBe(state);
    }
  });

  it('makes a server wait when its delay is over', () => {
    const server = serverIn('backoff.delaying');
    misses(server);
    expect(server.state()).toBe('backoff.delaying');
    server.clock.advance(375);
    expect(server.state()).toBe('backoff.waiting');
    expect(server.reports.map(({ type }) => type)).not.toContain('slot.wanted');
  });

  it('settles nothing of a server that waits for it, until it is down for good', () => {
    for (const state of ['idle.resting', 'backoff.delaying'] as const) {
      const server = serverIn(state);
      misses(server);
      const command = server.command(state === 'idle.resting' ? 'start' : 'retry');
      expect(server.outcomes(command)).toEqual([]);
      blocks(server);
      expect(server.outcomes(command)).toEqual(['rejected']);
      expect(reasons(server)).toEqual(['dependency "d" is failed']);
      expect(server.context().open).toEqual([]);
      expect(server.state()).toBe(state === 'idle.resting' ? 'idle.waiting' : 'backoff.waiting');
    }
  });

  it('is emitted once', () => {
    const server = serverIn('idle.queued');
    misses(server);
    misses(server);
    expect(server.emitted).toEqual([{ type: 'dependencies.changed', waitingFor: ['d'], blockedBy: null }]);
    blocks(server);
    blocks(server);
    expect(server.emitted.at(-1)).toEqual({ type: 'dependencies.changed', waitingFor: ['d'], blockedBy: 'd' });
    expect(server.emitted).toHaveLength(2);
    server.send('dependencies.changed', { waitingFor: ['d'], blockedBy: blocker('stopped') });
    expect(server.emitted).toHaveLength(3);
  });

  it.each(states)('is noted wherever the server is, in %s', (state) => {
    const server = serverIn(state);
    misses(server);
    expect(server.context().waitingFor).toEqual(['d']);
    expect(server.ignored).toEqual([]);
  });
});

describe('a plan while a server waits for a dependency', () => {
  it('takes it to rest if it turns it off', () => {
    const server = serverIn('idle.queued');
    misses(server);
    server.send('server.configure', { policy: policyOf(), changed: false, wanted: 'down' });
    expect(server.state()).toBe('idle.resting');
  });

  it('of a server that failed starts it in its turn', () => {
    for (const state of ['failed', 'needs-auth', 'backoff.delaying'] as const) {
      const server = serverIn(state);
      misses(server);
      server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
      expect(server.state()).toBe(state === 'backoff.delaying' ? 'backoff.waiting' : 'idle.waiting');
      clears(server);
      expect(server.state()).toBe(state === 'backoff.delaying' ? 'backoff.queued' : 'idle.queued');
    }
  });
});

describe('a plan while a lazy server waits for a dependency', () => {
  const policy: PolicyOverrides = { lazy: true, related: true };
  const softer = policyOf({ ...policy, idleStopMs: 7 });

  it('leaves a command open, and the server waiting', () => {
    const server = serverIn('idle.resting', { policy });
    misses(server);
    const start = server.command('start');
    server.send('server.configure', { policy: softer, changed: false, wanted: null });
    expect([server.state(), server.outcomes(start)]).toEqual(['idle.waiting', []]);
    clears(server);
    connect(server);
    expect(server.outcomes(start)).toEqual(['done']);
  });

  it('makes it rest if no caller waits for it', () => {
    const server = serverIn('connected.quiet', { policy });
    server.send('round.stop', { heldFor: ['t'] });
    server.news('session.ended');
    expect(server.state()).toBe('idle.waiting');
    server.send('server.configure', { policy: softer, changed: false, wanted: null });
    expect(server.state()).toBe('idle.resting');
  });
});

describe('a lazy server with a dependency', () => {
  const policy: PolicyOverrides = { lazy: true };
  const lazy = () => serverIn('idle.resting', { wanted: 'up', policy });

  it('that is needed waits for it, and then takes no slot', () => {
    const server = lazy();
    misses(server);
    server.send('server.needed');
    expect(server.state()).toBe('idle.waiting');
    expect(server.context()).toMatchObject({ autostart: true, called: true });
    clears(server);
    expect(server.state()).toBe('starting.spawning');
    expect(server.context()).toMatchObject({ autostart: false, called: false });
  });

  it('rests on if the dependency is down for good', () => {
    const server = lazy();
    blocks(server);
    server.send('server.needed');
    expect(server.state()).toBe('idle.resting');
    expect(server.context()).toMatchObject({ autostart: false, called: false });
  });

  it('goes back to rest if the dependency goes down for good while it waits', () => {
    const server = lazy();
    misses(server);
    server.send('server.needed');
    blocks(server);
    expect(server.state()).toBe('idle.resting');
    expect(server.context()).toMatchObject({ autostart: false, called: false });
    clears(server);
    expect(server.state()).toBe('idle.resting');
  });

  it.each(['server.remove', 'server.shutdown'] as const)(
    'is called by nobody any more when it is to go: %s',
    (type) => {
      const server = lazy();
      misses(server);
      server.send('server.needed');
      server.send(type);
      expect(server.state()).toBe('idle.resting');
      expect(server.context()).toMatchObject({ autostart: false, called: false });
      server.send('server.configure', { policy: policyOf(policy), changed: true, wanted: null });
      expect(server.state(), 'added again, it rests until it is called').toBe('idle.resting');
    },
  );

  it('that is needed waits for a round, too', () => {
    const server = lazy();
    holds(server);
    server.send('server.needed');
    expect(server.state()).toBe('idle.waiting');
    holds(server, []);
    expect(server.state()).toBe('starting.spawning');
  });

  it('that is needed while it falls asleep starts again without a slot', () => {
    const server = serverIn('connected.quiet', { policy });
    passUntil(server, 'stopping.closing');
    misses(server);
    server.send('server.needed');
    server.news('session.ended');
    expect(server.state()).toBe('idle.waiting');
    expect(server.context().called).toBe(true);
    clears(server);
    expect(server.state()).toBe('starting.spawning');
  });

  it.each(states)('is kept awake by a dependent, and not if none needs it, in %s', (state) => {
    const server = serverIn(state, { policy: { related: true } });
    server.send('dependents.changed', { awake: true });
    expect(server.context().heldAwake).toBe(true);
    server.send('dependents.changed', { awake: false });
    expect(server.context().heldAwake).toBe(false);
    expect([server.state(), server.ignored]).toEqual([state, []]);
  });

  it('is not asked again and again while a dependent needs it', () => {
    const server = serverIn('connected.quiet', { policy: { ...policy, heartbeat: { intervalMs: 0 } } });
    server.send('dependents.changed', { awake: true });
    server.clock.advance(900_000);
    expect(server.orders).toEqual([]);
  });

  it('does not fall asleep while a dependent needs it, and does once none does', () => {
    const server = serverIn('connected.quiet', { policy: { ...policy, heartbeat: { intervalMs: 0 } } });
    server.send('dependents.changed', { awake: true });
    server.clock.advance(900_000);
    expect(server.state()).toBe('connected.quiet');
    server.send('dependents.changed', { awake: false });
    server.clock.advance(299_000);
    expect(server.state(), 'not before the whole time has passed').toBe('connected.quiet');
    server.clock.advance(2_000);
    expect(server.state()).toBe('stopping.closing');
  });
});

describe('a server of which others hear', () => {
  it.each([
    ['idle.resting', 'failed'],
    ['failed', 'starting.listing'],
    ['needs-auth', 'starting.listing'],
  ] as const)('tells when it comes to %s', (state, from) => {
    const server = serverIn(from, { policy: { related: true } });
    if (state === 'idle.resting') server.command('stop');
    else
      server.news('session.ended', {
        failure: state === 'failed' ? failure('misconfigured', '') : failure('unauthorized', ''),
      });
    expect(server.state()).toBe(state);
    expect(changes(server)).toBe(1);
  });

  it('reports when it is connected, when it is no longer, and each step of its start and its end', () => {
    const server = serverIn('idle.queued', { policy: { related: true } });
    const told = (act: () => void) => {
      server.reports.length = 0;
      act();
      return changes(server);
    };
    expect(told(() => server.send('slot.granted'))).toBe(1);
    expect(told(() => server.news('session.spawned'))).toBe(0);
    expect(told(() => server.news('session.initialized'))).toBe(0);
    expect(told(() => server.news('session.ready'))).toBe(1);
    expect(
      told(() => server.news('session.ended', { failure: exit(1) })),
      'no longer, and over',
    ).toBe(1);
    expect(told(() => misses(server))).toBe(1);
    expect(told(() => server.clock.advance(375))).toBe(1);
  });

  it('reports when it is stuck, each time', () => {
    for (const state of ['stopping.killing', 'heartbeat-timeout.killing'] as const) {
      const server = serverIn(state, { policy: { related: true } });
      server.clock.advance(2_000);
      expect(changes(server)).toBe(1);
      server.clock.advance(30_000);
      expect(changes(server)).toBe(2);
    }
  });

  it('reports nothing if no server depends on it', () => {
    const server = serverIn('idle.queued');
    server.send('slot.granted');
    connect(server);
    server.news('session.ended', { failure: exit(1) });
    server.command('stop');
    expect(changes(server)).toBe(0);
  });
});
