import { describe, expect, it } from 'vitest';
import type { CommandKind } from '../../../machines/server/settlement.ts';
import { type PolicyOverrides, policyOf, type ServerUnderTest } from '../../support/charts/chart.ts';
import { connectedStates, endingStates, type State, serverIn, startingStates, states } from './states.ts';

interface Cell {
  readonly to?: string;
  readonly next?: string;
  readonly wanted?: 'up' | 'down';
  /** The counters afterwards, if they were not zero before. */
  readonly counters: 'zeroed' | 'kept';
  readonly outcomes: readonly string[];
}

const up = { wanted: 'up', counters: 'zeroed' } as const;
const down = { wanted: 'down', counters: 'kept' } as const;

const idle: Record<string, Cell> = {
  start: { ...up, to: 'starting.spawning', outcomes: [] },
  stop: { ...down, to: 'idle.resting', outcomes: ['done'] },
  restart: { ...up, to: 'starting.spawning', outcomes: [] },
  reset: { counters: 'zeroed', outcomes: ['done'] },
};
const starting: Record<string, Cell> = {
  start: { ...up, outcomes: [] },
  stop: { ...down, to: 'stopping.closing', next: 'idle', outcomes: [] },
  restart: { ...up, to: 'stopping.closing', next: 'starting', outcomes: [] },
  reset: { counters: 'zeroed', outcomes: ['done'] },
};
const connected: Record<string, Cell> = { ...starting, start: { ...up, outcomes: ['done'] } };
const ending: Record<string, Cell> = {
  start: { ...up, next: 'starting', outcomes: [] },
  stop: { ...down, next: 'idle', outcomes: [] },
  restart: { ...up, next: 'starting', outcomes: [] },
  reset: { counters: 'zeroed', next: 'backoff', outcomes: ['done'] },
};
const backoff: Record<string, Cell> = {
  start: { ...up, to: 'starting.spawning', outcomes: [] },
  stop: { ...down, to: 'idle.resting', outcomes: ['done'] },
  restart: { ...up, to: 'starting.spawning', outcomes: [] },
  retry: { wanted: 'up', counters: 'kept', to: 'starting.spawning', outcomes: [] },
  reset: { counters: 'zeroed', outcomes: ['done'] },
};
const failed: Record<string, Cell> = {
  start: { ...up, to: 'starting.spawning', outcomes: [] },
  stop: { ...down, to: 'idle.resting', outcomes: ['done'] },
  restart: { ...up, to: 'starting.spawning', outcomes: [] },
  reset: { wanted: 'down', counters: 'zeroed', to: 'idle.resting', outcomes: ['done'] },
};

const kinds: readonly CommandKind[] = ['start', 'stop', 'restart', 'retry', 'reset'];

function rowOf(state: State): Record<string, Cell> {
  if (state.startsWith('idle')) return idle;
  if (state.startsWith('starting')) return starting;
  if (state.startsWith('connected')) return connected;
  if (state.startsWith('backoff')) return backoff;
  if (state === 'needs-auth') return backoff;
  return state === 'failed' ? failed : ending;
}

/** Has failed once where the way into the state counts a failure, so that there is something to reset. */
function serverWithCounters(state: State): ServerUnderTest {
  const server = serverIn(state);
  const hasCounted = state === 'failed' || /^(heartbeat-timeout|stopping|backoff)/.test(state);
  expect(server.context().counters.attempt).toBe(hasCounted ? 1 : 0);
  return server;
}

describe.each(states)('a command in %s', (state) => {
  it.each(kinds)('%s does what the table says', (kind) => {
    const cell = rowOf(state)[kind];
    const server = serverWithCounters(state);
    const before = server.context();
    const commandId = server.command(kind);
    const after = server.context();
    expect(server.bugs).toEqual([]);
    if (cell === undefined) {
      expect(server.emitted, 'refused: the chart has no such edge').toEqual([]);
      expect(server.state()).toBe(state);
      return;
    }
    expect(server.state()).toBe(cell.to ?? state);
    expect(after.wanted).toBe(cell.wanted ?? before.wanted);
    if (cell.next !== undefined) expect(after.next).toBe(cell.next);
    expect(server.outcomes(commandId)).toEqual(cell.outcomes);
    expect(after.open.map(({ id }) => id)).toEqual(cell.outcomes.length > 0 ? [] : [commandId]);
    expect(server.emitted[0]).toEqual({ type: 'command.accepted', command: { id: commandId, kind } });
    expect(after.counters.attempt).toBe(cell.counters === 'zeroed' ? 0 : before.counters.attempt);
    if (cell.to === 'starting.spawning') expect(after.generation).toBe(before.generation + 1);
  });
});

describe('an event that comes too early or too late by nature', () => {
  it.each(states)('a suspend of the machine is never a surprise, in %s', (state) => {
    const server = serverIn(state);
    server.send('machine.resumed');
    expect(server.ignored).toEqual([]);
  });

  it.each(states)('neither are dependents that wait for it, in %s', (state) => {
    const server = serverIn(state);
    server.send('dependents.waiting');
    expect([server.state(), server.ignored]).toEqual([state, []]);
  });

  it.each([...startingStates, ...connectedStates])('neither is a call or a doubt, in %s', (state) => {
    const server = serverIn(state);
    server.send('server.needed');
    server.news('session.doubted');
    server.send('session.doubted', { generation: 0, reason: '' });
    expect(server.ignored).toEqual([]);
  });

  it.each(connectedStates)('neither is an answer to an older question, in %s', (state) => {
    const server = serverIn(state);
    const heard = { quietForMs: 0, unusedForMs: 0, inFlight: 0, lagMs: 0, usedCpu: false };
    server.send('session.heard', {
      generation: server.context().generation,
      question: server.context().question - 1,
      ...heard,
    });
    expect(server.ignored).toEqual([]);
  });

  it('a command that the table refuses is told to be ignored', () => {
    const server = serverIn('idle.resting');
    server.command('retry');
    expect(server.ignored).toEqual(['server.retry']);
  });
});

describe('failures already counted', () => {
  /** Two failures, then the state. */
  function afterTwoFailures(road: (server: ServerUnderTest) => void): ServerUnderTest {
    const server = serverIn('backoff.delaying');
    server.command('retry');
    server.news('session.ended', { failure: server.context().lastFailure });
    server.command('retry');
    road(server);
    expect(server.context().counters.attempt).toBe(2);
    expect(server.context().counters.automaticStarts).toHaveLength(2);
    return server;
  }
  const connect = (server: ServerUnderTest) => {
    server.news('session.spawned');
    server.news('session.initialized');
    server.news('session.ready');
  };

  it.each(['start', 'restart', 'reset'] as const)('are forgotten by a %s while starting', (kind) => {
    const server = afterTwoFailures(() => undefined);
    server.command(kind);
    expect(server.context().counters).toMatchObject({ attempt: 0, automaticStarts: [] });
  });

  it.each(['start', 'restart', 'reset'] as const)('are forgotten by a %s while connected', (kind) => {
    const server = afterTwoFailures(connect);
    server.command(kind);
    expect(server.context().counters).toMatchObject({ attempt: 0, automaticStarts: [] });
  });

  it.each(['stop'] as const)('are remembered by a %s', (kind) => {
    const server = afterTwoFailures(connect);
    server.command(kind);
    expect(server.context().counters.attempt).toBe(2);
  });

  it('are remembered by a retry', () => {
    const server = serverIn('backoff.delaying');
    server.command('retry');
    expect(server.context().counters.attempt).toBe(1);
  });

  it('are forgotten by a changed specification', () => {
    const server = afterTwoFailures(connect);
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    expect(server.context().counters.attempt).toBe(0);
  });

  it('are remembered by a soft change', () => {
    const server = afterTwoFailures(connect);
    server.send('server.configure', { policy: policyOf({ idleStopMs: 1 }), changed: false, wanted: null });
    expect(server.context().counters.attempt).toBe(2);
    expect(server.context().policy.idleStopMs).toBe(1);
    expect(server.state()).toBe('connected.quiet');
  });
});

interface PlanRow {
  readonly states: readonly State[];
  readonly changed: { readonly to?: string; readonly next?: string };
  readonly turnedOff: { readonly to?: string; readonly next?: string };
  readonly enabled: { readonly to?: string; readonly next?: string };
}

const planRows: readonly PlanRow[] = [
  { states: ['idle.queued'], changed: {}, turnedOff: { to: 'idle.resting' }, enabled: {} },
  {
    states: startingStates,
    changed: { to: 'stopping.closing', next: 'starting' },
    turnedOff: { to: 'stopping.closing', next: 'idle' },
    enabled: {},
  },
  {
    states: connectedStates,
    changed: { to: 'stopping.closing', next: 'starting' },
    turnedOff: { to: 'stopping.closing', next: 'idle' },
    enabled: { to: 'connected.quiet' },
  },
  { states: endingStates, changed: { next: 'starting' }, turnedOff: { next: 'idle' }, enabled: { next: 'starting' } },
  {
    states: ['backoff.delaying', 'backoff.queued'],
    changed: { to: 'backoff.queued' },
    turnedOff: { to: 'idle.resting' },
    enabled: { to: 'backoff.queued' },
  },
  {
    states: ['failed', 'needs-auth'],
    changed: { to: 'idle.queued' },
    turnedOff: { to: 'idle.resting' },
    enabled: { to: 'idle.queued' },
  },
];

describe('a plan', () => {
  const cases = planRows.flatMap(({ states: rows, ...row }) => rows.map((state) => ({ state, ...row })));

  it.each(cases)('with a changed specification, in $state', ({ state, changed }) => {
    const server = serverIn(state);
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    expect(server.state()).toBe(changed.to ?? state);
    if (changed.next !== undefined) expect(server.context().next).toBe(changed.next);
    expect(server.context().wanted).toBe('up');
  });

  it.each(cases)('that turns the server off, in $state', ({ state, turnedOff }) => {
    const server = serverIn(state);
    server.send('server.configure', { policy: policyOf(), changed: false, wanted: 'down' });
    expect(server.state()).toBe(turnedOff.to ?? state);
    if (turnedOff.next !== undefined) expect(server.context().next).toBe(turnedOff.next);
    expect(server.context()).toMatchObject({ wanted: 'down', autostart: false });
  });

  it.each(cases)(
    'that enables the server without another change restarts nothing that runs, in $state',
    ({ state, enabled }) => {
      const server = serverIn(state);
      server.send('server.configure', { policy: policyOf(), changed: false, wanted: 'up' });
      expect(server.state()).toBe(enabled.to ?? state);
      if (enabled.next !== undefined) expect(server.context().next).toBe(enabled.next);
    },
  );

  it.each(states)('that changes numbers only leaves the state alone, in %s', (state) => {
    const server = serverIn(state);
    const before = server.context();
    const policy = policyOf({ stop: { killMs: 2_001 } });
    server.send('server.configure', { policy, changed: false, wanted: null });
    expect(server.state()).toBe(state.startsWith('connected') ? 'connected.quiet' : state);
    expect(server.context().policy).toEqual(policy);
    expect(server.context().generation).toBe(before.generation);
    expect(server.context().next).toBe(before.next);
  });

  it('keeps the new specification of a server that rests and is wanted down', () => {
    const server = serverIn('idle.resting');
    server.send('server.configure', { policy: policyOf({ remote: true }), changed: true, wanted: null });
    expect(server.state()).toBe('idle.resting');
    expect(server.context().policy.remote).toBe(true);
  });

  it('starts a resting server that is wanted up and has finished', () => {
    const server = serverIn('starting.spawning', { policy: { restart: { kind: 'transient' } } });
    server.news('session.ended', { failure: { ...exitZero } });
    expect(server.state()).toBe('idle.resting');
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    expect(server.state()).toBe('idle.queued');
  });

  it('leaves a lazy server at rest, and starts it when it is lazy no longer', () => {
    const server = serverIn('idle.resting', { wanted: 'up', policy: { lazy: true } });
    server.send('server.configure', { policy: policyOf({ lazy: true }), changed: true, wanted: null });
    expect(server.state()).toBe('idle.resting');
    server.send('server.configure', { policy: policyOf(), changed: false, wanted: null });
    expect(server.state()).toBe('idle.queued');
  });

  it('starts a server that falls asleep when it is lazy no longer', () => {
    const server = serverIn('connected.quiet', {
      policy: { lazy: true, idleStopMs: 60_000, heartbeat: { intervalMs: 0 } },
    });
    server.clock.advance(60_000);
    expect([server.state(), server.context().next]).toEqual(['stopping.closing', 'idle']);
    server.send('server.configure', { policy: policyOf({ lazy: false }), changed: false, wanted: null });
    server.news('session.ended');
    expect(server.state()).toBe('idle.queued');
  });

  it('lets a server that falls asleep do so when it stays lazy', () => {
    const server = serverIn('connected.quiet', {
      policy: { lazy: true, idleStopMs: 60_000, heartbeat: { intervalMs: 0 } },
    });
    server.clock.advance(60_000);
    server.send('server.configure', {
      policy: policyOf({ lazy: true, idleStopMs: 90_000 }),
      changed: false,
      wanted: null,
    });
    expect([server.state(), server.context().next]).toEqual(['stopping.closing', 'idle']);
    server.news('session.ended');
    expect(server.state()).toBe('idle.resting');
  });

  it('leaves a server down that a person stopped, lazy or not', () => {
    const server = serverIn('connected.quiet', { policy: { lazy: true } });
    server.command('stop');
    server.send('server.configure', { policy: policyOf({ lazy: false }), changed: false, wanted: null });
    server.news('session.ended');
    expect(server.state()).toBe('idle.resting');
  });

  it('that changes the specification of a server in backoff waives its delay', () => {
    const server = serverIn('backoff.delaying');
    server.clock.advance(100);
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    expect([server.state(), server.context().nextRetryAt]).toEqual(['backoff.queued', 100]);
    server.clock.advance(100);
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    expect(server.context().nextRetryAt, 'due is due').toBe(100);
  });

  it('that disables a server rejects its start as stopped, whatever it failed of before', () => {
    const server = serverIn('backoff.queued');
    server.send('slot.granted');
    const start = server.command('start');
    server.send('server.configure', { policy: policyOf(), changed: false, wanted: 'down' });
    server.news('session.ended');
    expect(server.outcomes(start)).toEqual(['rejected']);
    expect(server.emitted.at(-1)).toMatchObject({ type: 'command.settled', reason: 'stopped' });
  });

  it('takes a server out of the queue that becomes lazy', () => {
    const server = serverIn('idle.queued');
    server.send('server.configure', { policy: policyOf({ lazy: true }), changed: false, wanted: null });
    expect(server.state()).toBe('idle.resting');
    expect(server.reports).toEqual([{ type: 'slot.returned', server: 'a' }]);
  });

  it.each(endingStates)('does not wake a server that goes to rest, in %s', (state) => {
    const server = serverIn(state);
    server.command('stop');
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    expect(server.context().next).toBe('idle');
  });

  it('restarts through the queue, not at once, when no person waits for it', () => {
    const server = serverIn('connected.quiet');
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    server.news('session.ended');
    expect(server.state()).toBe('idle.queued');
    expect(server.context().lastFailure, 'an end that was asked for is no failure').toBeNull();
  });
});

const exitZero = {
  class: 'exited',
  message: '',
  phase: null,
  code: null,
  exitCode: 0,
  signal: null,
  stderrTail: [],
  retryAfterMs: null,
} as const;

describe('a lazy server', () => {
  const policy: PolicyOverrides = { lazy: true, idleStopMs: 60_000 };
  const asleep = () => serverIn('idle.resting', { wanted: 'up', policy });

  it('rests until it is needed, and then takes no slot', () => {
    const server = asleep();
    expect(server.clock.armed()).toBe(0);
    server.send('server.needed');
    expect(server.state()).toBe('starting.spawning');
    expect(server.reports).toEqual([]);
  });

  it('is not started by a call when it is wanted down', () => {
    const server = asleep();
    server.command('stop');
    server.send('server.needed');
    expect(server.state()).toBe('idle.resting');
  });

  it.each(['server.remove', 'server.shutdown'] as const)('is not started by a call after %s', (type) => {
    const server = asleep();
    server.send(type);
    server.send('server.needed');
    expect(server.state()).toBe('idle.resting');
  });

  it('goes back to sleep after the time without calls, and stays wanted up', () => {
    const server = asleep();
    server.send('server.needed');
    connect(server);
    server.temper.unusedSince = server.clock.now();
    server.clock.advance(59_000);
    expect(server.state()).toBe('connected.quiet');
    server.clock.advance(1_000);
    expect(server.state()).toBe('stopping.closing');
    server.news('session.ended');
    expect(server.state()).toBe('idle.resting');
    expect(server.context()).toMatchObject({ wanted: 'up', lastFailure: null });
  });

  it('stays awake while a call is in flight', () => {
    const server = asleep();
    server.send('server.needed');
    connect(server);
    server.temper.inFlight = 1;
    server.clock.advance(600_000);
    expect(server.state()).toMatch(/^connected/);
  });

  it('falls asleep on time although it is being probed', () => {
    const server = serverIn('connected.probing', { policy: { ...policy, heartbeat: { intervalMs: 60_000 } } });
    server.temper.lagMs = 5_000;
    server.clock.advance(31_000);
    expect(server.state()).toBe('connected.probing');
    server.temper.lagMs = 0;
    server.news('probe.answered');
    server.clock.advance(5_000);
    expect(server.state()).toMatch(/^stopping/);
  });

  it('starts again if it is needed while it falls asleep', () => {
    const server = asleep();
    server.send('server.needed');
    connect(server);
    server.clock.advance(62_000);
    expect(server.state()).toMatch(/^stopping/);
    server.send('server.needed');
    server.news('session.ended');
    expect(server.state()).toBe('starting.spawning');
  });

  it('keeps its delay although it is needed while a failed life ends', () => {
    const server = serverIn('stopping.closing', { policy });
    server.send('server.needed');
    expect(server.context().next).toBe('backoff');
  });

  it.each(['backoff.delaying', 'failed', 'needs-auth'] as const)('is not started by a call in %s', (state) => {
    const server = serverIn(state, { policy });
    server.send('server.needed');
    expect(server.state()).toBe(state);
  });

  function connect(server: ServerUnderTest): void {
    server.news('session.spawned');
    server.news('session.initialized');
    server.news('session.ready');
  }
});
