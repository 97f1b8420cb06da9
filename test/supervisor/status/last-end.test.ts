import { describe, expect, it } from 'vitest';
import { factsSoFar, openStage, type Stage, untilFact, untilState } from '../../support/supervised.ts';

const farewell = (stage: Stage, extra = {}, args: readonly string[] = []) =>
  stage.program('says-farewell', extra, args);

describe.concurrent('the last words of a process', () => {
  it('are kept after a stop', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: farewell(stage) });
    await supervisor.ready();
    expect(supervisor.status('a').lastEnd).toBeNull();
    await supervisor.send('a', { type: 'server.stop' });
    const ended = { exitCode: 7, signal: null, stderrTail: ['farewell: stdin ended'] };
    expect(supervisor.status('a')).toMatchObject({ lastFailure: null, lastEnd: { ...ended, asked: true } });
    const facts = await factsSoFar(supervisor);
    expect(facts).toContainEqual(expect.objectContaining({ type: 'process.exited', exitCode: 7, signal: null }));
    expect(facts).toContainEqual(expect.objectContaining({ type: 'session.closed', failure: null, last: ended }));
  });

  it('are kept after a restart, while the next one runs', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: farewell(stage) });
    await supervisor.ready();
    await supervisor.send('a', { type: 'server.restart' });
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', lastEnd: { asked: true, exitCode: 7 } });
  });

  it('are kept when an unused lazy one is stopped', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: farewell(stage, { lazy: true, idleStopMs: 1_000 }) });
    await supervisor.ensureConnected(['a']);
    await untilFact(supervisor, 'session.closed', undefined, { since: 0 });
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', lastEnd: { asked: true, exitCode: 7 } });
  });

  it('are told with a start that took too long', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: farewell(stage, { startTimeoutMs: 700 }, ['silent']) });
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    const ended = { exitCode: 7, stderrTail: ['farewell: stdin ended'] };
    expect(supervisor.status('a')).toMatchObject({
      lastFailure: { class: 'timedOut', ...ended },
      lastEnd: { ...ended, asked: false },
    });
  });

  it('are told with a hang', async () => {
    const stage = openStage();
    const heartbeat = { intervalMs: 100, timeoutMs: 100, misses: 2, busyMisses: 2 };
    const supervisor = await stage.open({ a: farewell(stage, { heartbeat, callTimeoutMs: 1_000 }) });
    await supervisor.ready();
    void supervisor.callTool('a', 'freeze', {}).catch(() => null);
    const { failure } = await untilFact(supervisor, 'server.failed', undefined, { since: 0, withinMs: 30_000 });
    expect(failure).toMatchObject({ class: 'hung', signal: 'SIGKILL', stderrTail: ['frozen'] });
  });

  it('are told at shutdown', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: farewell(stage, {}, ['deaf']) });
    await supervisor.ready();
    const closed = untilFact(supervisor, 'session.closed');
    await supervisor.close();
    expect((await closed).last).toMatchObject({
      signal: 'SIGKILL',
      stderrTail: ['farewell: stdin ended', 'farewell: terminated'],
    });
  });
});
