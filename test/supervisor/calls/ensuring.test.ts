import { describe, expect, it } from 'vitest';
import { errorOf, openStage, pidOf, untilFact, untilState } from '../../support/supervised.ts';

const never = { baseMs: 600_000, capMs: 600_000 };

function countersOf({ context }: { readonly context: Readonly<Record<string, unknown>> }): unknown {
  return context.counters;
}

describe('a host that wants servers to be connected', () => {
  it('waits for one that was killed, and changes nothing about its failures', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { restart: { baseMs: 300, capMs: 300 } }) });
    await supervisor.ready();
    const down = untilState(supervisor, 'a', 'backoff');
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    await down;
    const before = { counters: countersOf(supervisor.snapshot('a')), attempt: supervisor.status('a').attempt };
    expect(before.attempt).toBe(1);
    await supervisor.ensureConnected(['a']);
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 2, attempt: 1 });
    expect({ counters: countersOf(supervisor.snapshot('a')), attempt: 1 }).toEqual(before);
  });

  it('has one that had been stable back in less than 1.5 s', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('speak', { restart: { stableAfterMs: 50, baseMs: 20_000 } }),
    });
    await supervisor.ready();
    await expect.poll(() => supervisor.snapshot('a').tags).toContain('settled');
    await expect.poll(() => supervisor.snapshot('a').context.stable).toBe(true);
    const failed = untilFact(supervisor, 'server.failed');
    const startedAt = performance.now();
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    await failed;
    await supervisor.ensureConnected(['a'], { timeoutMs: 10_000 });
    expect(performance.now() - startedAt).toBeLessThan(7_500);
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 2, attempt: 1 });
  });

  it('is told after its patience where the server is, and why', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('exits-at-once', { restart: never }) });
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    const { nextRetryAt, lastFailure } = supervisor.status('a');
    expect(await errorOf(supervisor.ensureConnected(['a'], { timeoutMs: 50 }))).toMatchObject({
      code: 'CALL_TIMED_OUT',
      details: { server: 'a', timeoutMs: 50, state: 'backoff', nextRetryAt, reason: lastFailure?.message },
      message: expect.stringContaining('was not connected within 50 ms: it is in "backoff"'),
    });
    expect(await errorOf(supervisor.ensureConnected(['a'], { retries: false }))).toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { state: 'backoff', nextRetryAt },
    });
    expect(await errorOf(supervisor.ensureConnected(['a'], { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'CALL_CANCELLED',
    });
  });

  it('may ask how each of them ended', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      lazy: stage.program('speak', { lazy: true }),
      broken: { command: '/nowhere/at-all' },
      waiting: stage.program('exits-at-once', { restart: never }),
      off: stage.program('speak', { disabled: true }),
    });
    const names = ['lazy', 'broken', 'waiting', 'off', 'nobody', 'constructor', 'lazy'];
    const ensured = await supervisor.ensureConnected(names, { settle: 'all', timeoutMs: 5_000, retries: false });
    expect([...ensured.keys()]).toEqual([...new Set(names)]);
    const codes = [...ensured.values()].map(({ connected, error }) => (connected ? 'connected' : error.code));
    expect(codes).toEqual([
      'connected',
      'SERVER_NOT_CONNECTED',
      'SERVER_NOT_CONNECTED',
      'SERVER_NOT_CONNECTED',
      'SERVER_NOT_FOUND',
      'SERVER_NOT_FOUND',
    ]);
  });

  it('is told of one that is disabled that it is, by whatever asks for it, unless a person started it', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      off: stage.program('speak', { disabled: true }),
      sleepy: stage.program('speak', { disabled: true, lazy: true }),
      on: stage.program('speak'),
    });
    const asking = async (name: string) =>
      Promise.all([
        errorOf(supervisor.ensureConnected([name])),
        errorOf(supervisor.callTool(name, 'echo')),
        errorOf(supervisor.request(name, 'ping')),
        errorOf(supervisor.checkCall(name, 'echo')),
      ]);
    for (const name of ['off', 'sleepy'])
      for (const error of await asking(name))
        expect(error).toMatchObject({
          code: 'SERVER_NOT_CONNECTED',
          details: { state: 'idle', reason: expect.stringContaining('it is disabled') },
          message: expect.stringMatching(/is in "idle" \(it is disabled[^)]*\)\.$/),
        });
    await supervisor.ready();
    await supervisor.send('on', { type: 'server.stop' });
    expect(await errorOf(supervisor.ensureConnected(['on']))).toMatchObject({
      details: { state: 'idle', reason: null },
      message: expect.stringContaining('has to be started first'),
    });
    await supervisor.send('off', { type: 'server.start' });
    await supervisor.ensureConnected(['off']);
  });
});
