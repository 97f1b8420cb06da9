import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ServerStatus, Supervisor } from '../../../src/index.ts';
import { isRunning } from '../../support/processes.ts';
import { errorOf, openStage, pidOf, textOf, untilFact, untilState } from '../../support/supervised.ts';

/** Looks at the status again and again; resolves with the first that `isIt` takes and the time it took. */
async function watchStatus(
  supervisor: Supervisor,
  server: string,
  isIt: (status: ServerStatus) => boolean,
): Promise<{ status: ServerStatus; afterMs: number }> {
  const startedAt = performance.now();
  for (;;) {
    const status = supervisor.status(server);
    const afterMs = performance.now() - startedAt;
    if (isIt(status)) return { status, afterMs };
    if (afterMs > 20_000) throw new Error(`still ${status.state}`);
    await turn();
  }
}

describe('a connected server that is killed with SIGKILL', () => {
  it('is no longer shown as connected within 100 ms', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    await supervisor.ready();
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    const { status, afterMs } = await watchStatus(supervisor, 'a', ({ state }) => state !== 'connected');
    expect(afterMs).toBeLessThan(100);
    expect(status.lastFailure).toMatchObject({ class: 'exited', signal: 'SIGKILL', phase: 'connected' });
  });

  it('is callable again within five bare starts if it had been stable', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('speak', { restart: { stableAfterMs: 50, baseMs: 20_000 } }),
      bare: stage.program('speak', { lazy: true }),
    });
    await supervisor.ready();
    const bareStartedAt = performance.now();
    await supervisor.ensureConnected(['bare']);
    const bareMs = performance.now() - bareStartedAt;

    const pid = pidOf(supervisor, 'a');
    // Stability is over a timer of the chart, which tells nothing: the snapshot shows it.
    await expect.poll(() => supervisor.snapshot('a').context.stable, { timeout: 10_000 }).toBe(true);
    const returned = untilState(supervisor, 'a', 'connected');
    const killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
    await returned;
    const result = await supervisor.callTool('a', 'pid');
    expect(performance.now() - killedAt).toBeLessThan(5 * 2 * bareMs);
    expect(textOf(result)).not.toBe(String(pid));
    expect(supervisor.status('a')).toMatchObject({
      state: 'connected',
      attempt: 1,
      generation: 2,
      counts: { restarts: 1 },
    });
  });

  it('waits its backoff out if it had not, and says how often, why, and until when', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { restart: { baseMs: 400 } }) });
    await supervisor.ready();
    await supervisor.callTool('a', 'complain', { text: 'something is wrong here' });
    const down = untilState(supervisor, 'a', 'backoff');
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    const { at } = await down;
    const status = supervisor.status('a');
    expect(status).toMatchObject({
      state: 'backoff',
      substate: 'delaying',
      attempt: 1,
      pid: null,
      wanted: 'up',
      protocolVersion: null,
    });
    expect(status.lastFailure).toMatchObject({
      class: 'exited',
      signal: 'SIGKILL',
      exitCode: null,
      stderrTail: ['something is wrong here'],
    });
    const delayMs = Date.parse(status.nextRetryAt ?? '') - Date.parse(at);
    expect(delayMs).toBeGreaterThanOrEqual(199);
    expect(delayMs).toBeLessThanOrEqual(400);
    expect(supervisor.snapshot('a').timers).toHaveLength(1);
    await expect(supervisor.callTool('a', 'echo', { text: 'hi' })).rejects.toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { server: 'a', state: 'backoff', nextRetryAt: status.nextRetryAt },
    });
    const back = await untilState(supervisor, 'a', 'connected');
    expect(Date.parse(back.at) - Date.parse(at)).toBeGreaterThanOrEqual(delayMs - 1);
    expect(textOf(await supervisor.callTool('a', 'echo', { text: 'hi' }))).toBe('hi');
    expect(supervisor.status('a').nextRetryAt).toBeNull();
  });

  it('fails the call in flight as unknown, exactly once, and answers what was already written', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    await supervisor.ready();
    const call = supervisor.callTool('a', 'sleep', { ms: 60_000 });
    const settled = untilFact(supervisor, 'call.settled');
    await supervisor.callTool('a', 'echo', { text: 'on its way' });
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    expect(await errorOf(call)).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      details: { server: 'a', method: 'tools/call' },
    });
    expect(await settled).toMatchObject({ outcome: 'ok' });
    expect(supervisor.status('a').counts).toMatchObject({ calls: 2, callErrors: 1, inFlight: 0, queued: 0 });
  });

  it('is retried at once by a person, who is told when it is connected', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('speak', { restart: { baseMs: 120_000, capMs: 120_000 } }),
    });
    await supervisor.ready();
    const down = untilState(supervisor, 'a', 'backoff');
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    await down;
    expect(supervisor.snapshot('a').allowed).toContain('server.retry');
    expect(await supervisor.send('a', { type: 'server.retry' })).toMatchObject({ outcome: 'done' });
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', attempt: 1 });
    await expect(supervisor.send('a', { type: 'server.retry' })).rejects.toMatchObject({
      code: 'EVENT_NOT_ALLOWED',
      details: { state: 'connected' },
    });
  });

  it('takes its whole group with it', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('forks-a-grandchild', { restart: { baseMs: 120_000, capMs: 120_000 } }),
    });
    await supervisor.ready();
    const grandchild = Number(textOf(await supervisor.callTool('a', 'grandchild')));
    const down = untilState(supervisor, 'a', 'backoff');
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    await down;
    expect(isRunning(grandchild)).toBe(false);
  });
});
