import { describe, expect, it } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import { exit, type PolicyOverrides, policyOf, type ServerUnderTest, startServer } from '../../support/charts/chart.ts';
import { connectedStates, endingStates, liveStates, passUntil, serverIn, startingStates, states } from './states.ts';

type Act = (server: ServerUnderTest) => void;

const related: PolicyOverrides = { related: true };
const misses: Act = (server) => server.send('dependencies.changed', { waitingFor: ['d'], blockedBy: null });
const blocks: Act = (server) =>
  server.send('dependencies.changed', { waitingFor: ['d'], blockedBy: { server: 'd', standing: 'failed' } });
const clears: Act = (server) => server.send('dependencies.changed', { waitingFor: [], blockedBy: null });
const configure = (
  server: ServerUnderTest,
  changed: boolean,
  wanted: 'up' | 'down' | null,
  policy: PolicyOverrides = {},
) => server.send('server.configure', { policy: policyOf({ ...related, ...policy }), changed, wanted });

/** What the server reports to the actors above during an act, in order. */
function told(server: ServerUnderTest, act: (server: ServerUnderTest) => void): readonly string[] {
  server.reports.length = 0;
  act(server);
  return server.reports.map(({ type }) => type).filter((type) => type !== 'server.kept');
}

const changed = 'server.changed';
const [wanted, returned] = ['slot.wanted', 'slot.returned'];
const restStates = ['idle.resting', 'failed', 'needs-auth'] as const;

describe('what those above hear', () => {
  it.each([...restStates, 'backoff.delaying'] as const)('of a start at once is one change, in %s', (state) => {
    for (const kind of ['start', 'restart', 'retry'] as const) {
      if (kind === 'retry' && !['needs-auth', 'backoff.delaying'].includes(state)) continue;
      expect(told(serverIn(state, { policy: related }), (server) => server.command(kind))).toEqual([changed]);
    }
  });

  it.each([...restStates, 'backoff.delaying'] as const)(
    'of a start that waits is no wish for a slot, in %s',
    (state) => {
      for (const kind of ['start', 'restart', 'retry'] as const) {
        for (const [goes, isRefused] of [
          [misses, false],
          [blocks, true],
        ] as const) {
          if (kind === 'retry' && (isRefused || !['needs-auth', 'backoff.delaying'].includes(state))) continue;
          const server = serverIn(state, { policy: related });
          goes(server);
          expect(told(server, () => server.command(kind))).toEqual(
            kind === 'retry' && state === 'needs-auth' ? [changed, changed] : [changed],
          );
        }
      }
    },
  );

  it('of a lazy server that is called is one change, and no wish for a slot if it has to wait', () => {
    const asleep = () => serverIn('idle.resting', { wanted: 'up', policy: { ...related, lazy: true } });
    expect(told(asleep(), (server) => server.send('server.needed'))).toEqual([changed]);
    const waiting = asleep();
    misses(waiting);
    expect(told(waiting, () => waiting.send('server.needed'))).toEqual([changed]);
    expect(
      told(waiting, () => blocks(waiting)),
      'it blocks others, and rests',
    ).toEqual([changed, changed]);
  });

  it('of a server that is born is that it rests, and then that it waits for a slot or for others', () => {
    expect(startServer({ policy: related }).reports.map(({ type }) => type)).toEqual([changed, wanted, changed]);
    expect(startServer({ policy: { ...related, dependsOn: ['d'] } }).reports.map(({ type }) => type)).toEqual([
      changed,
      changed,
    ]);
  });

  it('of a place in the queue that is lost is that it is given back', () => {
    const server = serverIn('idle.queued', { policy: related });
    expect(told(server, () => misses(server))).toEqual([changed, returned, changed]);
    expect(told(server, () => clears(server))).toEqual([changed, wanted, changed]);
    expect(told(server, () => configure(server, false, 'down'))).toEqual([changed, returned, changed]);
  });

  it('of a place in the queue after a delay likewise', () => {
    const server = serverIn('backoff.delaying', { policy: related });
    expect(
      told(server, () => server.clock.advance(375)),
      'those who depend on it know that it comes',
    ).toEqual([wanted]);
    expect(told(server, () => misses(server))).toEqual([changed, returned, changed]);
    expect(told(server, () => clears(server))).toEqual([changed, wanted]);
    expect(told(server, () => server.send('slot.granted'))).toEqual([changed]);
  });

  it('of a resting server that is stopped, removed or shut down is that it rests, and once that it has gone', () => {
    expect(told(serverIn('idle.resting', { policy: related }), (server) => server.command('stop'))).toEqual([changed]);
    for (const type of ['server.remove', 'server.shutdown'] as const) {
      expect(told(serverIn('idle.resting', { policy: related }), (server) => server.send(type))).toEqual([
        changed,
        'server.gone',
      ]);
    }
  });

  it('of a session that ended and is to be followed by another at once is one change', () => {
    const server = serverIn('connected.quiet', { policy: related });
    server.command('restart');
    expect(told(server, () => server.news('session.ended'))).toEqual([changed]);
  });

  it('of an unreachable server that waits when the machine has resumed is a wish for a slot', () => {
    const server = serverIn('starting.spawning', { policy: related });
    server.news('session.ended', { failure: failure('unreachable', '') });
    expect(told(server, () => server.send('machine.resumed'))).toEqual([changed, wanted]);
    expect(server.state()).toBe('backoff.queued');
  });
});

describe('an end that somebody asked for', () => {
  const ends: readonly (readonly [string, (server: ServerUnderTest) => void])[] = [
    ['a stop', (server) => server.command('stop')],
    ['a restart', (server) => server.command('restart')],
    ['a removal', (server) => server.send('server.remove')],
    ['a shutdown', (server) => server.send('server.shutdown')],
    ['a plan that turns it off', (server) => configure(server, false, 'down')],
    ['a plan that changes it', (server) => configure(server, true, null)],
    ['a round', (server) => server.send('round.stop', { heldFor: [] })],
  ];

  it.each(ends)('is no failure: %s', (_, end) => {
    for (const state of [...startingStates, ...connectedStates]) {
      const server = serverIn(state);
      end(server);
      expect(server.context().endAsked, `in ${state}`).toBe(true);
      server.news('session.ended', { failure: exit(1) });
      expect(server.context(), `in ${state}`).toMatchObject({ lastFailure: null, counters: { attempt: 0 }, pid: null });
      expect(server.emitted.filter(({ type }) => type === 'server.failed')).toEqual([]);
    }
  });

  it.each(ends)('leaves no timer of the session behind: %s', (_, end) => {
    const server = serverIn('connected.quiet', { policy: { lazy: true, idleStopMs: 3_000 } });
    end(server);
    server.clock.advance(4_000);
    expect(server.ignored).toEqual([]);
  });
});

describe('what a process tells about its end', () => {
  it('is its process id while it lives', () => {
    expect(serverIn('starting.initializing').context().pid).toBe(4_711);
  });

  it.each(startingStates)('is the failure although the session says nothing more, in %s', (state) => {
    const server = serverIn(state);
    server.news('session.exited', { failure: exit(3) });
    expect(server.state()).toBe('stopping.terminating');
    server.news('session.ended');
    expect(server.context().lastFailure).toMatchObject({ class: 'exited', exitCode: 3 });
  });

  it.each(endingStates)('is added to the first cause, in %s', (state) => {
    const server = serverIn(state);
    const cause = server.context().failure?.class;
    server.news('session.exited', { failure: exit(3) });
    server.news('session.ended');
    expect(server.context().lastFailure).toMatchObject({ class: cause, exitCode: 3 });
  });
});

describe('a wish', () => {
  it.each([...endingStates])('of a person to start is kept after a stop, in %s', (state) => {
    for (const kind of ['start', 'restart'] as const) {
      const server = serverIn(state);
      server.command('stop');
      server.command(kind);
      expect(server.context().wanted).toBe('up');
    }
  });

  const ways: readonly (readonly [string, Act])[] = [
    ['at once', () => undefined],
    ['when its dependency is there', misses],
    ['although its dependency is down for good', blocks],
  ];

  it.each(ways)('of a person to start is kept by one that was wanted down and died too often: %s', (_, goes) => {
    for (const kind of ['start', 'restart'] as const) {
      const server = startServer({ wanted: 'down', failure: { ...failure('internal', ''), at: 0 } });
      goes(server);
      server.command(kind);
      expect(server.context().wanted).toBe('up');
    }
  });

  it.each(['server.remove', 'server.shutdown'] as const)(
    'to start is refused at once while a session ends: %s',
    (type) => {
      for (const state of endingStates) {
        const server = serverIn(state);
        const start = server.command('start');
        server.send(type);
        expect(server.outcomes(start), `in ${state}`).toEqual(['rejected']);
      }
    },
  );

  it('to start is refused when the dependency goes while the old session ends, or while the delay runs', () => {
    const ending = serverIn('connected.quiet');
    const restart = ending.command('restart');
    blocks(ending);
    expect(ending.outcomes(restart)).toEqual([]);
    ending.news('session.ended');
    expect([ending.state(), ending.outcomes(restart)]).toEqual(['idle.waiting', ['rejected']]);

    const failing = serverIn('idle.resting');
    const start = failing.command('start');
    failing.news('session.ended', { failure: exit(1) });
    blocks(failing);
    expect(failing.outcomes(start)).toEqual([]);
    failing.clock.advance(375);
    expect([failing.state(), failing.outcomes(start)]).toEqual(['backoff.waiting', ['rejected']]);
  });
});

describe('a person who resets', () => {
  it('a resting server lets it count again', () => {
    const server = serverIn('backoff.delaying');
    server.command('stop');
    expect(server.context().counters.attempt).toBe(1);
    server.command('reset');
    expect([server.state(), server.context().counters.attempt]).toEqual(['idle.resting', 0]);
  });
});

describe('whether a server is to start by itself', () => {
  it.each(states.filter((state) => !state.startsWith('idle') && !state.startsWith('backoff')))(
    'is said of one at rest only, in %s',
    (state) => {
      for (const change of [true, false]) {
        const server = serverIn(state);
        configure(server, change, 'up', { lazy: false });
        if (server.state().startsWith('idle')) continue;
        expect(server.context(), `${change}`).toMatchObject({ autostart: false, called: false });
      }
    },
  );

  it('is forgotten by a stop although a plan was about to start it', () => {
    const server = serverIn('backoff.delaying');
    configure(server, true, null);
    expect(server.state()).toBe('backoff.queued');
    server.command('stop');
    expect([server.state(), server.context().autostart]).toEqual(['idle.resting', false]);
  });

  it.each(['failed', 'needs-auth', 'backoff.delaying'] as const)('is no matter of numbers, in %s', (state) => {
    const server = serverIn(state);
    configure(server, false, null, { lazy: true });
    configure(server, false, null);
    expect([server.state(), server.context().autostart]).toEqual([state, false]);
  });
});

describe('a server without a session', () => {
  it.each(['idle.resting', 'idle.queued', 'failed'] as const)('has nothing that comes next, in %s', (state) => {
    expect(serverIn(state).context().next).toBe('idle');
  });

  it('has nothing that comes next when a changed server waits its turn', () => {
    const server = serverIn('connected.quiet');
    configure(server, true, null);
    server.news('session.ended');
    expect([server.state(), server.context().next]).toEqual(['idle.queued', 'idle']);
  });

  it('takes the numbers of a plan that starts it again', () => {
    for (const state of ['backoff.delaying', 'failed', 'needs-auth', 'idle.resting'] as const) {
      const server = serverIn(state);
      configure(server, true, null, { idleStopMs: 7 });
      expect(server.context().policy.idleStopMs, `in ${state}`).toBe(7);
    }
  });
});

describe('a call to a lazy server while its session ends', () => {
  const lazy: PolicyOverrides = { lazy: true };

  it.each(endingStates)('starts it again if it goes to sleep, unless a person stops it, in %s', (state) => {
    const server = serverIn(state, { policy: lazy });
    server.send('server.needed');
    expect(server.context(), 'after a failure the delay holds').toMatchObject({ next: 'backoff', called: false });
    server.send('server.configure', { policy: policyOf(lazy), changed: false, wanted: 'up' });
    expect(server.context().next).toBe('idle');
    server.send('server.needed');
    expect(server.context()).toMatchObject({ next: 'starting', called: true });
    server.command('stop');
    expect(server.context()).toMatchObject({ next: 'idle', called: false });
    server.send('server.needed');
    expect(server.context()).toMatchObject({ next: 'idle', called: false });
  });

  it('is forgotten by a plan', () => {
    for (const state of endingStates) {
      const server = serverIn(state, { policy: lazy });
      server.send('server.configure', { policy: policyOf(lazy), changed: false, wanted: 'up' });
      server.send('server.needed');
      server.send('server.configure', { policy: policyOf(lazy), changed: false, wanted: null });
      expect(server.context(), `in ${state}`).toMatchObject({ autostart: false, called: false });
    }
  });
});

describe('a lazy server that a plan changes', () => {
  it('starts again when its session has ended, and takes no slot', () => {
    const server = serverIn('connected.quiet', { policy: { lazy: true } });
    server.send('server.configure', { policy: policyOf({ lazy: true }), changed: true, wanted: null });
    expect(told(server, () => server.news('session.ended'))).toEqual([]);
    expect(server.state()).toBe('starting.spawning');
  });
});

describe('a probe that was late by our own fault', () => {
  it.each(['connected.probing', 'connected.confirming'] as const)('is told as not counted, in %s', (state) => {
    const server = serverIn(state);
    const { misses: before } = server.context();
    server.temper.lagMs = 1e9;
    server.clock.advance(5_000);
    expect(server.state()).toBe(state);
    expect(server.emitted.filter(({ type }) => type === 'probe.missed')).toEqual([
      { type: 'probe.missed', misses: before, counted: false },
    ]);
  });
});

describe('an end that takes its time', () => {
  it.each(liveStates)('is orderly from every state: %s', (state) => {
    const server = serverIn(state);
    server.command('stop');
    passUntil(server, state.startsWith('heartbeat') ? 'heartbeat-timeout.stuck' : 'stopping.stuck');
    server.news('session.ended');
    expect(server.state()).toBe('idle.resting');
  });
});
