import { describe, expect, it } from 'vitest';
import { type PolicyOverrides, policyOf, type ServerUnderTest } from '../../support/charts/chart.ts';
import { connectedStates, passUntil, serverIn } from './states.ts';

const probes = (server: ServerUnderTest) =>
  server.emitted.flatMap((event) => (event.type === 'probe.sent' ? [event.kind] : []));
const misses = (server: ServerUnderTest) =>
  server.emitted.filter((event) => event.type === 'probe.missed' && event.counted).length;

function silent(server: ServerUnderTest): ServerUnderTest {
  server.temper.answers = false;
  return server;
}

describe('a session that answers', () => {
  it('is probed when it is quiet for the interval, and only then', () => {
    const server = serverIn('connected.quiet');
    server.clock.advance(7_500);
    expect(probes(server), 'the first phase is jittered: half of the interval').toEqual(['ping']);
    expect(server.state()).toBe('connected.quiet');
    expect(server.context().latencyMs).toBe(3);
    server.clock.advance(14_999);
    expect(probes(server)).toHaveLength(1);
    server.clock.advance(1);
    expect(probes(server)).toHaveLength(2);
  });

  it('is never probed while messages come', () => {
    const server = serverIn('connected.quiet');
    for (let second = 0; second < 120; second += 1) {
      server.temper.lastMessageAt = server.clock.now();
      server.clock.advance(1_000);
    }
    expect(probes(server)).toEqual([]);
  });

  it('is probed after what is left of the interval since its last message', () => {
    const server = serverIn('connected.quiet');
    server.clock.advance(5_000);
    server.temper.lastMessageAt = server.clock.now();
    server.clock.advance(2_500);
    expect(probes(server)).toEqual([]);
    server.clock.advance(12_499);
    expect(probes(server)).toEqual([]);
    server.clock.advance(1);
    expect(probes(server)).toEqual(['ping']);
  });

  it.each(connectedStates)('an answer ends every doubt, in %s', (state) => {
    const server = serverIn(state);
    server.news('probe.answered', { latencyMs: 12 });
    expect(server.state()).toBe('connected.quiet');
    expect(server.context()).toMatchObject({ misses: 0, latencyMs: 12, quietMs: 15_000 });
  });

  it.each(['connected.probing', 'connected.confirming'] as const)('any message is life, in %s', (state) => {
    const server = serverIn(state);
    server.clock.advance(2_000);
    server.temper.lastMessageAt = server.clock.now();
    server.clock.advance(3_000);
    expect(server.state()).toBe('connected.quiet');
    expect(server.context()).toMatchObject({ misses: 0, quietMs: 12_000 });
  });

  it('is probed at once when it is doubted', () => {
    const server = silent(serverIn('connected.quiet'));
    server.news('session.doubted');
    expect(server.state()).toBe('connected.probing');
    expect(probes(server)).toEqual(['ping']);
    server.news('session.doubted');
    expect(probes(server), 'one probe at a time').toEqual(['ping']);
  });
});

describe('a session that is silent', () => {
  it('is asked once more in another way before it is called hung', () => {
    const server = silent(serverIn('connected.quiet'));
    passUntil(server, 'heartbeat-timeout.terminating');
    expect(probes(server)).toEqual(['ping', 'ping', 'ping', 'list']);
    expect(server.clock.now()).toBe(7_500 + 4 * 5_000);
  });

  it.each([{ inFlight: 1 }, { usedCpu: true }])('is given more time while it is busy: %j', (busy) => {
    const server = silent(serverIn('connected.quiet'));
    Object.assign(server.temper, busy);
    passUntil(server, 'heartbeat-timeout.terminating');
    expect(probes(server)).toEqual(['ping', 'ping', 'ping', 'ping', 'ping', 'ping', 'list']);
    expect(server.clock.now()).toBe(7_500 + 7 * 5_000);
  });

  it('is probed again when it becomes busy before it is called hung', () => {
    const server = silent(serverIn('connected.confirming'));
    server.temper.usedCpu = true;
    server.clock.advance(5_000);
    expect(server.state()).toBe('connected.probing');
    expect(server.context().misses).toBe(4);
  });

  it('is not blamed while our own loop lags', () => {
    const server = silent(serverIn('connected.probing'));
    server.temper.lagMs = 2_501;
    server.clock.advance(60_000);
    expect(server.state()).toBe('connected.probing');
    expect(misses(server)).toBe(0);
    expect(server.emitted).toContainEqual({ type: 'probe.missed', misses: 0, counted: false });
    server.temper.lagMs = 2_500;
    server.clock.advance(5_000);
    expect(misses(server)).toBe(1);
  });

  it('is not condemned while our own loop lags', () => {
    const server = silent(serverIn('connected.confirming'));
    server.temper.lagMs = 4_000;
    server.clock.advance(60_000);
    expect(server.state()).toBe('connected.confirming');
    expect(new Set(probes(server))).toEqual(new Set(['list']));
    server.temper.lagMs = 0;
    server.clock.advance(5_000);
    expect(server.state()).toBe('heartbeat-timeout.terminating');
  });

  it('is hung after the first probe and the confirmation when one miss is allowed', () => {
    const server = silent(serverIn('connected.quiet', { policy: { heartbeat: { misses: 1 } } }));
    passUntil(server, 'heartbeat-timeout.terminating');
    expect(probes(server)).toEqual(['ping', 'list']);
  });
});

describe('an answer to a question that is out of date', () => {
  it.each(connectedStates)('changes nothing, in %s', (state) => {
    const server = serverIn(state);
    const before = server.context();
    const heard = { quietForMs: 99_999, unusedForMs: 99_999, inFlight: 0, lagMs: 0, usedCpu: false };
    server.send('session.heard', { generation: before.generation, question: before.question - 1, ...heard });
    server.send('session.heard', { generation: before.generation - 1, question: before.question, ...heard });
    expect(server.state()).toBe(state);
    expect(server.context()).toEqual(before);
    expect(server.emitted).toEqual([]);
  });
});

describe('a heartbeat that is switched off', () => {
  it.each([0, 0.000_001, 0.5, 1])('probes never, whatever chance says: %d', (random) => {
    const server = silent(
      serverIn('connected.quiet', { policy: { heartbeat: { intervalMs: 0 } }, random: () => random }),
    );
    server.clock.advance(3_000_000_000);
    expect(probes(server)).toEqual([]);
    expect(server.state()).toBe('connected.quiet');
  });

  it.each([true, false])('probes not after a suspend either, remote: %s', (remote) => {
    const server = silent(serverIn('connected.quiet', { policy: { remote, heartbeat: { intervalMs: 0 } } }));
    server.send('machine.resumed');
    server.clock.advance(3_000_000_000);
    expect(probes(server)).toEqual([]);
  });
});

describe('after a suspend of the machine', () => {
  it.each([
    [100, 'backoff.delaying', 275],
    [60_000, 'backoff.delaying', 0],
  ])('a delay is over when it was said to be: %s ms later', (sleptMs, state, leftMs) => {
    const server = serverIn('backoff.delaying');
    const { nextRetryAt } = server.context();
    expect(nextRetryAt).toBe(server.clock.now() + 375);
    // Timers stopped while the machine slept.
    server.send('machine.resumed', { at: server.clock.now() + sleptMs });
    expect([server.state(), server.context().delayMs, server.context().nextRetryAt]).toEqual([
      state,
      leftMs,
      nextRetryAt,
    ]);
    server.clock.advance(leftMs);
    expect(server.state()).toBe('backoff.queued');
  });

  it.each(connectedStates)('no miss counts, in %s', (state) => {
    const server = serverIn(state);
    server.send('machine.resumed');
    expect(server.state()).toBe('connected.quiet');
    expect(server.context()).toMatchObject({ misses: 0, quietMs: 7_500 });
  });

  it('a remote session is probed within a second, spread by jitter', () => {
    const server = serverIn('connected.quiet', { policy: { remote: true, heartbeat: { intervalMs: 60_000 } } });
    server.clock.advance(10_000);
    server.send('machine.resumed');
    server.clock.advance(499);
    expect(probes(server)).toEqual([]);
    server.clock.advance(1);
    expect(probes(server)).toEqual(['ping']);
  });

  it('an unreachable server is due at once, any other keeps its delay', () => {
    const server = serverIn('starting.spawning');
    server.news('session.ended', {
      failure: {
        class: 'unreachable',
        message: '',
        phase: null,
        code: null,
        exitCode: null,
        signal: null,
        stderrTail: [],
        retryAfterMs: null,
      },
    });
    server.send('machine.resumed');
    expect([server.state(), server.context().nextRetryAt]).toEqual(['backoff.queued', server.clock.now()]);
    const other = serverIn('backoff.delaying');
    other.send('machine.resumed');
    expect(other.state()).toBe('backoff.delaying');
  });
});

describe('new numbers for a connected server', () => {
  it('hold from now on', () => {
    const server = serverIn('connected.quiet');
    server.send('server.configure', {
      policy: policyOf({ heartbeat: { intervalMs: 1_000 } }),
      changed: false,
      wanted: null,
    });
    server.clock.advance(1_000);
    expect(probes(server)).toEqual(['ping']);
  });

  it('let it fall asleep if it has become lazy', () => {
    const server = serverIn('connected.quiet');
    server.send('server.configure', {
      policy: policyOf({ lazy: true, idleStopMs: 20_000 }),
      changed: false,
      wanted: null,
    });
    server.clock.advance(20_000);
    expect(server.state()).toBe('stopping.closing');
  });
});

describe('what the session says when it is asked, to the millisecond', () => {
  const heard = (server: ServerUnderTest, fields: Record<string, unknown>) => {
    const { generation, question } = server.context();
    server.send('session.heard', {
      generation,
      question,
      quietForMs: 1e9,
      unusedForMs: 0,
      inFlight: 0,
      lagMs: 0,
      usedCpu: false,
      ...fields,
    });
    return server.state();
  };

  it.each([
    ['connected.probing', 4_997, 'connected.quiet'],
    ['connected.probing', 4_998, 'connected.probing'],
    ['connected.confirming', 4_997, 'connected.quiet'],
    ['connected.confirming', 4_998, 'heartbeat-timeout.terminating'],
  ] as const)('in %s a silence of %i ms leads to %s: timers are never exact', (state, quietForMs, next) => {
    const server = serverIn(state);
    expect(heard(server, { quietForMs })).toBe(next);
    expect(server.emitted.filter(({ type }) => type === 'probe.missed')).toHaveLength(
      next === 'connected.probing' ? 1 : 0,
    );
  });

  it('is quiet enough to be probed, or not', () => {
    for (const [shortMs, next] of [
      [2, 'connected.probing'],
      [3, 'connected.quiet'],
    ] as const) {
      const server = silent(serverIn('connected.quiet'));
      expect(heard(server, { quietForMs: server.context().quietMs - shortMs })).toBe(next);
    }
  });

  it('is probed at the shortest interval there is, and never without one', () => {
    expect(heard(silent(serverIn('connected.quiet', { policy: { heartbeat: { intervalMs: 1 } } })), {})).toBe(
      'connected.probing',
    );
    expect(heard(silent(serverIn('connected.quiet', { policy: { heartbeat: { intervalMs: 0 } } })), {})).toBe(
      'connected.quiet',
    );
  });

  it('waits at least as long as timers are inexact', () => {
    const server = serverIn('connected.probing', { policy: { heartbeat: { intervalMs: 10 } } });
    heard(server, { quietForMs: 9 });
    expect(server.context().quietMs).toBe(2);
  });

  it('is unused long enough to fall asleep, or not', () => {
    const server = serverIn('connected.quiet', { policy: { lazy: true, idleStopMs: 60_000 } });
    expect(heard(server, { quietForMs: 0, unusedForMs: 59_997 })).toBe('connected.quiet');
    expect(heard(server, { quietForMs: 0, unusedForMs: 59_998 })).toBe('stopping.closing');
  });

  it('may be our own fault if our loop was late by more than half of the time of a probe', () => {
    for (const [lagMs, misses] of [
      [2_500, 1],
      [2_501, 0],
    ] as const) {
      const server = serverIn('connected.probing');
      expect(heard(server, { lagMs })).toBe('connected.probing');
      expect(server.context().misses).toBe(misses);
    }
  });

  it('is asked no more than once a second whether it is unused', () => {
    const server = serverIn('idle.resting', {
      wanted: 'up',
      policy: { lazy: true, idleStopMs: 10, heartbeat: { intervalMs: 0 } },
    });
    server.send('server.needed');
    for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
    server.clock.advance(999);
    expect(server.state()).toBe('connected.quiet');
    server.clock.advance(1);
    expect(server.state()).toBe('stopping.closing');
  });

  it('is asked again after the time of a probe if it was being probed when it was due to sleep', () => {
    const server = serverIn('connected.probing', { policy: { lazy: true, idleStopMs: 60_000 } });
    server.send('idle.due');
    expect(server.state()).toBe('connected.probing');
    expect(server.ignored).toEqual([]);
  });
});

describe('the first probe after a suspend of the machine', () => {
  it.each([
    [true, 1_000],
    [false, 15_000],
  ] as const)('comes soon to a server that is remote (%s): after at most %i ms', (remote, quietMs) => {
    const server = serverIn('connected.confirming', { policy: { remote } });
    server.send('machine.resumed', { random: 1 });
    expect([server.state(), server.context().quietMs, server.context().misses]).toEqual([
      'connected.quiet',
      quietMs,
      0,
    ]);
  });
});

describe('a silent session with a call in flight that has time left', () => {
  const busy = (callForMs: number, policy: PolicyOverrides = {}) => {
    const server = silent(serverIn('connected.quiet', { policy }));
    server.temper.inFlight = 1;
    server.temper.callUntil = server.clock.now() + callForMs;
    return server;
  };

  it('is not hung before the time of the call is over, and is right after it', () => {
    const server = busy(300_000);
    server.clock.advance(300_000);
    expect(server.state()).toBe('connected.awaiting');
    expect(server.orders.filter(({ type }) => type === 'end')).toEqual([]);
    server.clock.advance(200);
    expect(server.state()).toBe('heartbeat-timeout.terminating');
    expect(server.context().failure?.message).toContain('callTimeoutMs');
  });

  it('is sent no more probes meanwhile than it takes to call a server hung', () => {
    const server = busy(300_000);
    server.clock.advance(299_000);
    expect(probes(server)).toEqual(['ping', 'ping', 'ping', 'ping', 'ping', 'ping', 'list']);
  });

  it('is found when the call is cancelled, as fast as one without calls', () => {
    const server = busy(300_000);
    server.clock.advance(100_000);
    Object.assign(server.temper, { inFlight: 0, callUntil: 0 });
    server.clock.advance(5_000);
    expect(server.state()).toBe('heartbeat-timeout.terminating');
  });

  it('is given the time of a further call', () => {
    const server = busy(60_000);
    server.clock.advance(55_000);
    server.temper.callUntil = server.clock.now() + 100_000;
    server.clock.advance(99_000);
    expect(server.state()).toBe('connected.awaiting');
  });

  it.each([
    ['answers the call', (server: ServerUnderTest) => (server.temper.lastMessageAt = server.clock.now())],
    ['answers the probe', (server: ServerUnderTest) => server.news('probe.answered')],
  ])('is alive again when it %s', (_, speak) => {
    const server = busy(300_000);
    server.clock.advance(99_900);
    expect(server.state()).toBe('connected.awaiting');
    speak(server);
    server.clock.advance(5_000);
    expect(server.state()).toBe('connected.quiet');
    expect(server.context().misses).toBe(0);
  });

  it('is confirmed again if our own loop stood still', () => {
    const server = busy(60_000);
    server.clock.advance(59_000);
    server.temper.lagMs = 4_000;
    server.clock.advance(1_500);
    expect(server.state()).toBe('connected.confirming');
    server.temper.lagMs = 0;
    server.clock.advance(5_000);
    expect(server.state()).toBe('heartbeat-timeout.terminating');
  });

  it('with less time than the probes take is found as before', () => {
    const server = busy(10_000);
    passUntil(server, 'connected.confirming');
    Object.assign(server.temper, { inFlight: 0 });
    passUntil(server, 'heartbeat-timeout.terminating');
    expect(server.context().failure?.message).not.toContain('callTimeoutMs');
  });
});
