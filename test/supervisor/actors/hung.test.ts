import { describe, expect, it } from 'vitest';
import { isRunning, pidsMarked, until } from '../../support/processes.ts';
import { errorOf, factsSoFar, openStage, pidOf, textOf, untilFact, untilState } from '../../support/supervised.ts';

const heartbeat = { intervalMs: 2_000, timeoutMs: 500, misses: 2 };

// Alone: what is measured here is when it is found.
describe('a server stopped with SIGSTOP', () => {
  it('is called hung within 5 s when idle, and comes back as another process', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { heartbeat }) });
    await supervisor.ready();
    const pid = pidOf(supervisor, 'a');
    const hung = untilState(supervisor, 'a', 'heartbeat-timeout');
    const stoppedAt = performance.now();
    process.kill(pid, 'SIGSTOP');
    await hung;
    expect(performance.now() - stoppedAt).toBeLessThan(5_000);
    expect(supervisor.status('a')).toMatchObject({
      state: 'heartbeat-timeout',
      wanted: 'up',
      lastFailure: { class: 'hung' },
    });
    await untilState(supervisor, 'a', 'connected');
    expect(isRunning(pid)).toBe(false);
    expect(pidsMarked(stage.mark)).toEqual([pidOf(supervisor, 'a')]);
    expect(textOf(await supervisor.callTool('a', 'echo', { text: 'back' }))).toBe('back');
  });

  it('is called hung as soon as the time of the call in flight is over, and not before', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('speak', { heartbeat, callTimeoutMs: 7_000, maxConcurrentCalls: 1 }),
    });
    await supervisor.ready();
    const pid = pidOf(supervisor, 'a');
    const hung = untilState(supervisor, 'a', 'heartbeat-timeout');
    const inFlight = errorOf(supervisor.callTool('a', 'sleep', { ms: 60_000 }));
    const queued = errorOf(supervisor.callTool('a', 'echo', { text: 'waiting' }));
    await until('both are counted', () => {
      const { inFlight: sent, queued: waiting } = supervisor.status('a').counts;
      return sent === 1 && waiting === 1;
    });
    process.kill(pid, 'SIGSTOP');
    expect(await inFlight).toMatchObject({ code: 'CALL_TIMED_OUT', details: { timeoutMs: 7_000 } });
    const timedOutAt = performance.now();
    await hung;
    expect(performance.now() - timedOutAt).toBeLessThan(1_000);
    expect(supervisor.status('a').lastFailure?.message).toContain('callTimeoutMs');
    expect(await queued).toMatchObject({ code: 'CALL_TIMED_OUT' });
    await untilState(supervisor, 'a', 'connected');
    expect(isRunning(pid)).toBe(false);
    const kinds = (await factsSoFar(supervisor)).flatMap((fact) => (fact.type === 'probe.sent' ? [fact.kind] : []));
    expect(kinds.at(-1)).toBe('list');
  });
});

describe.concurrent('a server that blocks its loop', () => {
  it('is left alone as long as it computes within the patience for busy servers, and answers', async () => {
    const stage = openStage();
    const beat = { intervalMs: 200, timeoutMs: 400, misses: 1, busyMisses: 12 };
    const supervisor = await stage.open({ a: stage.program('blocks-its-loop', { heartbeat: beat }) });
    await supervisor.ready();
    const missed = untilFact(supervisor, 'probe.missed');
    const result = await supervisor.callTool('a', 'block', { seconds: 2.5 });
    await missed;
    expect(textOf(result)).toBe('done');
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1, attempt: 0, lastFailure: null });
  });
});

describe.concurrent('a server that waits for something, without a word and without CPU', () => {
  const impatient = { intervalMs: 100, timeoutMs: 200, misses: 1, busyMisses: 1 };

  it.each([
    ['of the server', { callTimeoutMs: 30_000 }, {}],
    ['of the call', { callTimeoutMs: 100 }, { timeoutMs: 30_000 }],
  ])('is left alone as long as the call has time left: the limit %s', async (_, settings, options) => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('blocks-its-loop', { heartbeat: impatient, ...settings }) });
    await supervisor.ready();
    const result = await supervisor.callTool('a', 'block', { seconds: 3, idle: true }, options);
    expect(textOf(result)).toBe('done');
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1, attempt: 0, lastFailure: null });
    const steps = (await factsSoFar(supervisor)).flatMap((fact) => (fact.type === 'server.transitioned' ? [fact] : []));
    expect(
      steps.filter(({ to }) => to === 'connected.awaiting'),
      'told once, however often it is asked',
    ).toHaveLength(1);
    expect(steps.filter(({ from, to }) => from === to)).toEqual([]);
  });

  it('is found when the caller has given the call up', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('blocks-its-loop', { heartbeat: impatient }) });
    await supervisor.ready();
    const hung = untilState(supervisor, 'a', 'heartbeat-timeout');
    const call = supervisor.callTool('a', 'block', { seconds: 60, idle: true }, { signal: AbortSignal.timeout(1_500) });
    expect(await errorOf(call)).toMatchObject({ code: 'CALL_CANCELLED' });
    await hung;
  });
});

describe.concurrent('a server that answers probes with errors', () => {
  it('is alive', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('answers-ping-with-an-error', { heartbeat: { intervalMs: 50, timeoutMs: 5_000, misses: 1 } }),
    });
    await untilFact(supervisor, 'probe.answered', undefined, { since: 0 });
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1 });
    expect(supervisor.status('a').latencyMs).toBeGreaterThan(0);
  });
});

describe.concurrent('a server whose input closes while it lives', () => {
  it('is ended and started again with the first call that it does not hear', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('closes-stdin', { heartbeat: false }) });
    await supervisor.ready();
    const pid = pidOf(supervisor, 'a');
    await supervisor.callTool('a', 'close_stdin');
    const back = untilFact(supervisor, 'session.opened');
    expect(await errorOf(supervisor.callTool('a', 'echo', { text: 'unheard' }))).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      details: { reason: 'disconnected' },
    });
    await back;
    expect(isRunning(pid)).toBe(false);
    expect(supervisor.status('a').lastFailure).toMatchObject({
      class: 'disconnected',
      message: 'The server closed its stdin and lives on.',
    });
  });
});

describe.concurrent('a server whose output closes while it lives', () => {
  it('is ended and started again', async () => {
    const stage = openStage();
    // A probe in that moment would have it write where nothing can be written any more, of which it dies.
    const supervisor = await stage.open({ a: stage.program('closes-stdout', { heartbeat: false }) });
    await supervisor.ready();
    const pid = pidOf(supervisor, 'a');
    const back = untilFact(supervisor, 'session.opened');
    await errorOf(supervisor.callTool('a', 'close_stdout'));
    await back;
    expect(isRunning(pid)).toBe(false);
    expect(supervisor.status('a').lastFailure).toMatchObject({ class: 'disconnected' });
  });
});
