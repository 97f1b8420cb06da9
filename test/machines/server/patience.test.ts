import { describe, expect, it } from 'vitest';
import { type Failure, failure } from '../../../machines/failure.ts';
import { type PolicyOverrides, policyOf, type ServerUnderTest } from '../../support/charts/chart.ts';
import { passUntil, serverIn } from './states.ts';

const remote: PolicyOverrides = { remote: true };
const answered = (code: number) => failure('misconfigured', `answered with HTTP ${code}`, { code });

/** Answers each try with the failure until the server is in another state than waiting for the next one. */
function answerAll(server: ServerUnderTest, answer: () => Failure, untilMs = Number.POSITIVE_INFINITY): number {
  const startedAt = server.clock.now();
  let tries = 0;
  while (server.clock.now() - startedAt < untilMs) {
    server.news('session.ended', { failure: answer() });
    tries += 1;
    if (server.state() !== 'backoff.delaying') break;
    passUntil(server, 'starting.spawning');
  }
  return tries;
}

function connect(server: ServerUnderTest): void {
  for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
}

describe('a remote server that has worked', () => {
  const worked = (policy: PolicyOverrides = remote) => {
    const server = serverIn('connected.quiet', { policy, slotAfterMs: 0 });
    server.news('session.ended', { failure: failure('disconnected', 'the probe was answered with HTTP 404') });
    passUntil(server, 'starting.spawning');
    return server;
  };

  it.each([301, 308, 400, 404, 405, 410])('and then answers with %i for minutes is tried again, uncounted', (code) => {
    const server = worked();
    answerAll(server, () => answered(code), 590_000);
    expect(server.state()).toBe('starting.spawning');
    expect(server.context()).toMatchObject({ wanted: 'up', counters: { attempt: 1 } });
    expect(server.context().counters.automaticStarts).toHaveLength(1);
    connect(server);
    expect(server.state()).toBe('connected.quiet');
  });

  it('waits longer and longer, up to the cap, as for a server that is not reached', () => {
    const server = worked();
    const delays = Array.from({ length: 9 }, () => {
      server.news('session.ended', { failure: answered(404) });
      const { delayMs } = server.context();
      passUntil(server, 'starting.spawning');
      return delayMs;
    });
    expect(delays).toEqual([375, 750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500]);
  });

  it('has failed when it has answered so for ten minutes', () => {
    const server = worked();
    const startedAt = server.clock.now();
    answerAll(server, () => answered(404));
    expect(server.state()).toBe('failed');
    expect(server.clock.now() - startedAt).toBeGreaterThanOrEqual(600_000);
    expect(server.clock.now() - startedAt).toBeLessThan(635_000);
  });

  it('has ten minutes again once it was connected, and once its answer was another', () => {
    const server = worked();
    answerAll(server, () => answered(404), 590_000);
    connect(server);
    server.news('session.ended', { failure: answered(404) });
    passUntil(server, 'starting.spawning');
    answerAll(server, () => answered(404), 550_000);
    server.news('session.ended', { failure: failure('unreachable', 'HTTP 503', { code: 503 }) });
    passUntil(server, 'starting.spawning');
    answerAll(server, () => answered(404), 590_000);
    expect(server.state()).toBe('starting.spawning');
  });

  it('is away, too, if something else than MCP answers, or a version that we do not speak', () => {
    const server = worked();
    const answers = [
      failure('handshakeFailed', 'a page', { code: 200 }),
      failure('handshakeFailed', 'no', { code: -32_001 }),
      failure('protocolUnsupported', 'an older version'),
    ];
    let next = 0;
    answerAll(server, () => answers[next++ % answers.length] as Failure, 590_000);
    expect(server.state()).toBe('starting.spawning');
    expect(server.context().counters.attempt).toBe(1);
  });

  it('is tried again at once when the machine was suspended, and raises the alarm of one that is not reached', () => {
    const server = worked();
    answerAll(server, () => answered(404), 60_000);
    server.news('session.ended', { failure: answered(404) });
    expect(server.context().counters.unreachable).toBeGreaterThanOrEqual(8);
    server.send('machine.resumed');
    expect(server.state()).toBe('backoff.queued');
  });

  it('must prove another specification first', () => {
    const server = worked();
    server.send('server.configure', { policy: policyOf(remote), changed: true, wanted: null });
    server.news('session.ended');
    passUntil(server, 'starting.spawning');
    const startedAt = server.clock.now();
    answerAll(server, () => answered(404));
    expect(server.state()).toBe('failed');
    expect(server.clock.now() - startedAt).toBeLessThan(120_000);
  });

  it('is not tried again if it is temporary', () => {
    const server = serverIn('connected.quiet', { policy: { ...remote, restart: { kind: 'temporary' } } });
    server.news('session.ended', { failure: answered(404) });
    expect(server.state()).toBe('failed');
  });
});

describe('a remote server that has never worked', () => {
  it('has failed when its address has answered so for a minute, after a few tries', () => {
    const server = serverIn('starting.spawning', { policy: remote, slotAfterMs: 0 });
    const startedAt = server.clock.now();
    const tries = answerAll(server, () => answered(404));
    expect(server.state()).toBe('failed');
    expect(server.clock.now() - startedAt).toBeGreaterThanOrEqual(60_000);
    expect(server.clock.now() - startedAt).toBeLessThan(95_000);
    expect(tries).toBeGreaterThan(5);
    expect(server.context().counters.attempt).toBe(0);
  });

  it('fails at once if its specification is what is wrong', () => {
    for (const code of [null, 'INVALID_URL', 'INVALID_HEADER']) {
      const server = serverIn('starting.spawning', { policy: remote });
      server.news('session.ended', { failure: failure('misconfigured', 'wrong', { code }) });
      expect(server.state()).toBe('failed');
    }
  });

  it('has a budget for answers that are no handshake', () => {
    const server = serverIn('starting.spawning', { policy: remote, slotAfterMs: 0 });
    expect(answerAll(server, () => failure('handshakeFailed', 'a page', { code: 200 }))).toBe(8);
    expect(server.state()).toBe('failed');
  });

  it('has a minute again after a person has started it', () => {
    const server = serverIn('starting.spawning', { policy: remote, slotAfterMs: 0 });
    answerAll(server, () => answered(404));
    server.command('start');
    server.news('session.ended', { failure: answered(404) });
    expect(server.state()).toBe('backoff.delaying');
  });
});

describe('a server that was connected with its specification in an earlier run', () => {
  const page = failure('handshakeFailed', 'a page', { code: 200 });

  it.each([answered(404), answered(400), page, failure('protocolUnsupported', 'an older version')])(
    'is away for ten minutes: $message',
    (answer) => {
      const server = serverIn('starting.spawning', { policy: remote, slotAfterMs: 0, worked: true });
      const startedAt = server.clock.now();
      answerAll(server, () => answer, 590_000);
      expect(server.state()).toBe('starting.spawning');
      expect(server.context().counters.attempt).toBe(0);
      answerAll(server, () => answer);
      expect(server.state()).toBe('failed');
      expect(server.clock.now() - startedAt).toBeGreaterThanOrEqual(600_000);
    },
  );

  it('waits for its command, too', () => {
    const server = serverIn('starting.spawning', { worked: true });
    server.news('session.ended', { failure: failure('spawnFailed', 'not found', { code: 'ENOENT' }) });
    expect(server.state()).toBe('backoff.delaying');
  });

  it.each([
    [undefined, 'failed'],
    [false, 'failed'],
    [true, 'backoff.delaying'],
  ])('is given another one, which has worked: %s', (worked, state) => {
    const server = serverIn('idle.queued', { worked: worked !== true });
    const told = worked === undefined ? {} : { worked };
    server.send('server.configure', { policy: policyOf(), changed: true, wanted: null, ...told });
    server.send('slot.granted');
    server.news('session.ended', { failure: failure('spawnFailed', 'not found', { code: 'ENOENT' }) });
    expect(server.state()).toBe(state);
  });

  it('keeps that when only its numbers change', () => {
    const server = serverIn('idle.queued', { worked: true });
    server.send('server.configure', { policy: policyOf({ idleStopMs: 7 }), changed: false, wanted: null });
    expect(server.context().worked).toBe(true);
  });
});

describe('a server of our own machine', () => {
  const missing = failure('spawnFailed', 'not found', { code: 'ENOENT' });

  it('that has worked is tried again while its command is being replaced', () => {
    const server = serverIn('connected.quiet', { slotAfterMs: 0 });
    server.news('session.ended', { failure: missing });
    expect(server.state()).toBe('backoff.delaying');
    passUntil(server, 'starting.spawning');
    connect(server);
    expect(server.state()).toBe('connected.quiet');
  });

  it('that has worked fails at once with an exit code that the operator called permanent', () => {
    const server = serverIn('connected.quiet');
    server.news('session.ended', { failure: { ...failure('exited', ''), exitCode: 78 } });
    expect(server.state()).toBe('failed');
  });

  it('that has never worked fails at once', () => {
    const server = serverIn('starting.spawning');
    server.news('session.ended', { failure: missing });
    expect(server.state()).toBe('failed');
  });
});
