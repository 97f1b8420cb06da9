import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import { accept, type CommandKind, type OpenCommand } from '../../../machines/server/settlement.ts';
import { exit, policyOf, type ServerUnderTest, startServer } from '../../support/charts/chart.ts';
import { endingStates, type State, serverIn } from './states.ts';

const connect = (server: ServerUnderTest) => {
  for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
};

const open = (server: ServerUnderTest) => server.context().open.map(({ id }) => id);

describe('an open start', () => {
  it('is done when connected', () => {
    const server = serverIn('idle.resting');
    const start = server.command('start');
    expect(server.outcomes(start)).toEqual([]);
    connect(server);
    expect(server.outcomes(start)).toEqual(['done']);
  });

  it('is joined by start and retry, and they settle together', () => {
    const server = serverIn('idle.resting');
    const start = server.command('start');
    server.news('session.ended', { failure: exit(1) });
    const retry = server.command('retry');
    const again = server.command('start');
    expect(open(server)).toEqual([start, retry, again]);
    connect(server);
    expect([start, retry, again].map(server.outcomes)).toEqual([['done'], ['done'], ['done']]);
  });

  it('stays open through backoff', () => {
    const server = serverIn('idle.resting', { slotAfterMs: 0 });
    const start = server.command('start');
    server.news('session.ended', { failure: exit(1) });
    server.clock.advance(375);
    expect(server.state()).toBe('starting.spawning');
    expect(open(server)).toEqual([start]);
  });

  it.each([
    ['failed', failure('misconfigured', ''), 'misconfigured'],
    ['needs-auth', failure('unauthorized', ''), 'unauthorized'],
  ] as const)('is rejected on reaching %s', (state, cause, reason) => {
    const server = serverIn('idle.resting');
    const start = server.command('start');
    server.news('session.ended', { failure: cause });
    expect(server.state()).toBe(state);
    expect(server.outcomes(start)).toEqual(['rejected']);
    expect(server.emitted.at(-1)).toMatchObject({ type: 'command.settled', reason });
  });

  it('is rejected on reaching idle', () => {
    const server = serverIn('idle.resting', { policy: { restart: { kind: 'transient' } } });
    const start = server.command('start');
    server.news('session.ended', { failure: exit(0) });
    expect(server.state()).toBe('idle.resting');
    expect(server.outcomes(start)).toEqual(['rejected']);
    expect(open(server)).toEqual([]);
  });

  it('is rejected when a plan turns the server off', () => {
    const server = serverIn('idle.resting');
    const start = server.command('start');
    server.send('server.configure', { policy: policyOf(), changed: false, wanted: 'down' });
    server.news('session.ended');
    expect(server.outcomes(start)).toEqual(['rejected']);
  });

  it.each([
    ['server.remove', 'removed'],
    ['server.shutdown', 'SHUTTING_DOWN'],
  ] as const)('is rejected by %s at once, while starting, ending and waiting', (type, reason) => {
    const roads: readonly ((server: ServerUnderTest) => void)[] = [
      () => undefined,
      (server) => server.news('session.failed'),
      (server) => server.news('session.ended', { failure: exit(1) }),
    ];
    for (const road of roads) {
      const server = serverIn('idle.resting');
      const start = server.command('start');
      road(server);
      server.send(type);
      expect(server.emitted.at(-1)).toMatchObject({
        type: 'command.settled',
        command: { id: start },
        outcome: 'rejected',
        reason,
      });
    }
  });

  it('stays open when a plan changes the specification, and is done by the next life, which waits for no slot', () => {
    const server = serverIn('idle.resting');
    const start = server.command('start');
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null });
    server.news('session.ended');
    expect(server.state()).toBe('starting.spawning');
    connect(server);
    expect(server.outcomes(start)).toEqual(['done']);
  });

  it('is superseded by a stop', () => {
    const server = serverIn('idle.resting');
    const start = server.command('start');
    const stop = server.command('stop');
    expect(server.outcomes(start)).toEqual(['superseded']);
    server.news('session.ended');
    expect(server.outcomes(stop)).toEqual(['done']);
  });

  it('is superseded by a restart', () => {
    const server = serverIn('idle.resting');
    const start = server.command('start');
    const restart = server.command('restart');
    expect(server.outcomes(start)).toEqual(['superseded']);
    expect(open(server)).toEqual([restart]);
  });

  it('is not superseded by a reset, which is done at once', () => {
    const server = serverIn('idle.resting');
    const start = server.command('start');
    const reset = server.command('reset');
    expect(server.emitted.at(-1)).toEqual({
      type: 'command.settled',
      command: { id: reset, kind: 'reset' },
      outcome: 'done',
      reason: null,
    });
    expect(open(server)).toEqual([start]);
  });
});

describe('an open restart', () => {
  it('is joined by a restart while its old session is still ending', () => {
    const server = serverIn('connected.quiet');
    const first = server.command('restart');
    const second = server.command('restart');
    expect(open(server)).toEqual([first, second]);
  });

  it('is superseded by a restart once its old session has ended', () => {
    const server = serverIn('connected.quiet');
    const first = server.command('restart');
    server.news('session.ended');
    server.command('restart');
    expect(server.outcomes(first)).toEqual(['superseded']);
  });

  it('is superseded by a restart when its new session fails', () => {
    const server = serverIn('connected.quiet');
    const first = server.command('restart');
    server.news('session.ended');
    server.news('session.failed');
    server.command('restart');
    expect(server.outcomes(first)).toEqual(['superseded']);
  });

  it('takes no slot', () => {
    const server = serverIn('connected.quiet');
    server.command('restart');
    server.news('session.ended');
    expect(server.state()).toBe('starting.spawning');
    expect(server.reports).toEqual([]);
  });

  it('starts a server that hangs, whatever its restart kind', () => {
    const server = serverIn('heartbeat-timeout.killing', { policy: { restart: { kind: 'temporary' } } });
    const restart = server.command('restart');
    server.news('session.ended');
    expect(server.state()).toBe('starting.spawning');
    connect(server);
    expect(server.outcomes(restart)).toEqual(['done']);
  });
});

describe.each(endingStates)('an open stop, in %s', (state) => {
  it('is joined by a stop', () => {
    const server = serverIn(state);
    const stops = [server.command('stop'), server.command('stop')];
    server.news('session.ended');
    expect(stops.map(server.outcomes)).toEqual([['done'], ['done']]);
    expect(server.state()).toBe('idle.resting');
  });

  it.each(['start', 'restart'] as const)('is superseded by a %s', (kind) => {
    const server = serverIn(state);
    const stop = server.command('stop');
    server.command(kind);
    expect(server.outcomes(stop)).toEqual(['superseded']);
    server.news('session.ended');
    expect(server.state()).toBe('starting.spawning');
  });

  it('is done on removal', () => {
    const server = serverIn(state);
    const stop = server.command('stop');
    server.send('server.remove');
    expect(server.outcomes(stop)).toEqual(['done']);
  });

  it('stays open on shutdown until the session has ended', () => {
    const server = serverIn(state);
    const stop = server.command('stop');
    server.send('server.shutdown');
    expect(server.outcomes(stop)).toEqual([]);
    server.news('session.ended');
    expect(server.outcomes(stop)).toEqual(['done']);
  });

  it('is done although a plan starts the server again', () => {
    const server = serverIn(state);
    const stop = server.command('stop');
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: 'up' });
    expect(server.outcomes(stop)).toEqual([]);
    server.send('server.configure', { policy: policyOf({ lazy: true }), changed: true, wanted: null });
    server.news('session.ended');
    expect(server.outcomes(stop)).toEqual(['done']);
  });
});

it('an open stop stays open in stuck', () => {
  const server = serverIn('connected.quiet');
  const stop = server.command('stop');
  server.clock.advance(600_000);
  expect(server.state()).toBe('stopping.stuck');
  expect(open(server)).toEqual([stop]);
});

describe('a server that is to go for good', () => {
  const farewells = ['server.remove', 'server.shutdown'] as const;
  const resting: readonly State[] = [
    'idle.resting',
    'idle.queued',
    'backoff.delaying',
    'backoff.queued',
    'failed',
    'needs-auth',
  ];
  const living: readonly State[] = ['starting.spawning', 'connected.quiet', 'connected.confirming', ...endingStates];

  it.each(farewells.flatMap((type) => resting.map((state) => [type, state] as const)))(
    'is gone at once: %s in %s',
    (type, state) => {
      const server = serverIn(state);
      server.send(type);
      expect(server.state()).toBe('idle.resting');
      expect(server.reports).toContainEqual({ type: 'server.gone', server: 'a' });
      expect(server.clock.armed()).toBe(0);
    },
  );

  it.each(farewells.flatMap((type) => living.map((state) => [type, state] as const)))(
    'is gone once its session has ended: %s in %s',
    (type, state) => {
      const server = serverIn(state);
      server.send(type);
      expect(server.reports.filter((report) => report.type === 'server.gone')).toEqual([]);
      expect(server.state()).toMatch(/^(stopping|heartbeat-timeout)/);
      server.news('session.ended', { failure: exit(1) });
      expect(server.state()).toBe('idle.resting');
      expect(server.reports).toContainEqual({ type: 'server.gone', server: 'a' });
    },
  );

  it.each(
    farewells.flatMap((type) => (['idle.resting', 'connected.quiet'] as const).map((state) => [type, state] as const)),
  )('refuses start and restart, takes stop and reset: after %s in %s', (type, state) => {
    const server = serverIn(state);
    server.send(type);
    const refused = [server.command('start'), server.command('restart')];
    expect(refused.map(server.outcomes)).toEqual([['rejected'], ['rejected']]);
    const taken = [server.command('stop'), server.command('reset')];
    if (state !== 'idle.resting') server.news('session.ended');
    expect(taken.map(server.outcomes)).toEqual([['done'], ['done']]);
    expect(server.state()).toBe('idle.resting');
    expect(
      server.emitted.filter((event) => event.type === 'command.settled' && event.outcome === 'rejected'),
    ).toMatchObject(refused.map(() => ({ reason: type === 'server.remove' ? 'removed' : 'SHUTTING_DOWN' })));
  });

  it('comes back when its name is added again before it is gone', () => {
    const server = serverIn('connected.quiet');
    server.send('server.remove');
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: 'up' });
    server.news('session.ended');
    expect(server.state()).toBe('idle.queued');
    expect(server.reports.map(({ type }) => type)).toEqual(['slot.wanted']);
  });

  it('does not come back when a plan changes it during shutdown', () => {
    const server = serverIn('connected.quiet');
    server.send('server.shutdown');
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: 'up' });
    server.news('session.ended');
    expect(server.state()).toBe('idle.resting');
  });
});

describe('start slots', () => {
  it('are asked for by a server that waits, and given back when it has started', () => {
    const server = serverIn('idle.queued');
    server.send('slot.granted');
    expect(server.reports).toEqual([]);
    connect(server);
    expect(server.reports).toEqual([{ type: 'slot.returned', server: 'a' }]);
  });

  it('are given back after 5 s of starting', () => {
    const server = serverIn('starting.initializing');
    server.clock.advance(4_999);
    expect(server.reports).toEqual([]);
    server.clock.advance(1);
    expect(server.reports).toEqual([{ type: 'slot.returned', server: 'a', isEarly: true }]);
  });

  it.each(['idle.queued', 'backoff.queued'] as const)(
    'are given back when a person does not wait for one, in %s',
    (state) => {
      const server = serverIn(state);
      server.command('start');
      expect(server.state()).toBe('starting.spawning');
      expect(server.reports).toEqual([{ type: 'slot.returned', server: 'a' }]);
      server.send('slot.granted');
      expect(server.reports, 'a grant on its way goes back').toHaveLength(2);
    },
  );

  it('are asked for after a delay, and started with when granted', () => {
    const server = serverIn('backoff.delaying');
    server.clock.advance(375);
    expect(server.reports).toEqual([{ type: 'slot.wanted', server: 'a' }]);
    expect(server.context().nextRetryAt, 'the time has passed').toBe(server.clock.now());
    server.send('slot.granted');
    expect(server.state()).toBe('starting.spawning');
    expect(server.context().nextRetryAt).toBeNull();
  });

  it.each(['idle.resting', 'connected.quiet', 'stopping.closing', 'failed'] as const)(
    'go back when nobody waits any more, in %s',
    (state) => {
      const server = serverIn(state);
      server.send('slot.granted');
      expect(server.state()).toBe(state);
      expect(server.reports).toEqual([{ type: 'slot.returned', server: 'a' }]);
    },
  );
});

describe('an actor whose forerunners died too often', () => {
  const born = () =>
    startServer({
      failure: { ...failure('internal', 'its actor died 3 times within a minute'), at: 7 },
      generation: 4,
    });

  it('is born in failed, without a session and without asking for a slot', () => {
    const server = born();
    expect(server.state()).toBe('failed');
    expect(server.records.map(({ what }) => what)).toEqual(['state']);
    expect(server.context()).toMatchObject({ wanted: 'up', lastFailure: { class: 'internal', at: 7 } });
  });

  it('goes on from the highest generation when it is started', () => {
    const server = born();
    server.command('start');
    expect(server.context().generation).toBe(5);
  });

  it('rests after a reset', () => {
    const server = born();
    server.command('reset');
    expect(server.state()).toBe('idle.resting');
  });
});

describe('accept', () => {
  const kind = fc.constantFrom<CommandKind>('start', 'stop', 'restart', 'retry', 'reset');

  it('keeps what is open together of one wish, and loses no command', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(kind, fc.boolean()), { maxLength: 12 }), (script) => {
        let commands: readonly OpenCommand[] = [];
        for (const [index, [next, ending]] of script.entries()) {
          const command = { id: String(index), kind: next };
          const { open: after, superseded } = accept(commands, command, ending);
          const expected = next === 'reset' ? commands : [...commands, command];
          expect([...superseded, ...after]).toEqual(expected);
          expect(new Set(after.map((one) => one.kind === 'stop')).size).toBeLessThanOrEqual(1);
          expect(after.filter((one) => one.kind === 'reset')).toEqual([]);
          commands = after;
        }
      }),
    );
  });
});
