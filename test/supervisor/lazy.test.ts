import { describe, expect, it } from 'vitest';
import { startCensus } from '../support/census.ts';
import { pidsMarked } from '../support/processes.ts';
import { errorOf, factsSoFar, openStage, pidOf, textOf, untilFact, untilState } from '../support/supervised.ts';

describe('a lazy server', () => {
  it('has no process until its first call, and no tools that are known', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true }) });
    expect(await supervisor.ready()).toEqual({ settled: true, notReady: [] });
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', substate: null, wanted: 'up', generation: 0, pid: null, lazy: true });
    expect(pidsMarked(stage.mark)).toEqual([]);
    expect(supervisor.tools()).toEqual([]);
    expect(textOf(await supervisor.callTool('a', 'echo', { text: 'awake' }))).toBe('awake');
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1 });
  });

  it('is started once by twenty first calls at the same time', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true }) });
    const census = await startCensus([stage.mark]);
    const calls = Array.from({ length: 20 }, (_, index) => supervisor.callTool('a', 'echo', { text: String(index) }));
    expect((await Promise.all(calls)).map(textOf)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
    expect((await census.end()).most[stage.mark]).toBe(1);
    expect(supervisor.status('a')).toMatchObject({ generation: 1, counts: { calls: 20, callErrors: 0, restarts: 0 } });
  });

  it('goes back to sleep without calls, keeps its tools listed, and wakes again', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true, idleStopMs: 100 }) });
    const asleep = untilState(supervisor, 'a', 'idle');
    await supervisor.ensureConnected(['a']);
    await asleep;
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', wanted: 'up', attempt: 0, lastFailure: null, pid: null });
    expect(pidsMarked(stage.mark)).toEqual([]);
    expect(supervisor.tools().find(({ name }) => name === 'echo')).toMatchObject({ stale: true });
    expect(textOf(await supervisor.callTool('a', 'echo', { text: 'again' }))).toBe('again');
    expect(supervisor.status('a').generation).toBe(2);
    await expect(supervisor.callTool('a', 'no-such-tool')).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
  });

  it('stays awake while a call is in flight', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true, idleStopMs: 50 }) });
    const asleep = untilState(supervisor, 'a', 'idle');
    expect(textOf(await supervisor.callTool('a', 'sleep', { ms: 700 }))).toBe('slept');
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1 });
    await asleep;
  });

  it('that falls asleep just as a call comes is woken by it', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('ignores-eof', { lazy: true, idleStopMs: 50 }) });
    const fallsAsleep = untilState(supervisor, 'a', 'stopping');
    await supervisor.ensureConnected(['a']);
    const pid = pidOf(supervisor, 'a');
    await fallsAsleep;
    const woken = textOf(await supervisor.callTool('a', 'pid'));
    expect(woken).not.toBe(String(pid));
  });

  it('that cannot start tells its callers why, and is tried again like any other', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('exits-at-once', { lazy: true, restart: { baseMs: 60_000, capMs: 60_000 } }, ['3']) });
    const [call, ensured] = await Promise.all([errorOf(supervisor.callTool('a', 'echo', { text: 'hi' })), errorOf(supervisor.ensureConnected(['a']))]);
    expect(call).toMatchObject({ code: 'SERVER_NOT_CONNECTED', details: { server: 'a', state: 'backoff', reason: expect.stringContaining('3') } });
    expect(ensured).toMatchObject({ code: 'SERVER_NOT_CONNECTED', details: { nextRetryAt: supervisor.status('a').nextRetryAt } });
    await expect(supervisor.callTool('a', 'echo')).rejects.toMatchObject({ code: 'SERVER_NOT_CONNECTED', details: { state: 'backoff' } });
  });

  it('that was stopped by a person is not started by a call', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true }) });
    await supervisor.send('a', { type: 'server.stop' });
    await expect(supervisor.callTool('a', 'echo', { text: 'hi' })).rejects.toMatchObject({ code: 'SERVER_NOT_CONNECTED', details: { state: 'idle' } });
    await supervisor.send('a', { type: 'server.start' });
    expect(supervisor.status('a').state).toBe('connected');
  });

  it('does not make a caller wait longer than the call may take', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('slow-start', { lazy: true }, ['60000']),
      b: stage.program('slow-start', { lazy: true }, ['60000']),
    });
    await expect(supervisor.callTool('a', 'echo', { text: 'hi' }, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'CALL_TIMED_OUT',
      details: { timeoutMs: 100 },
    });
    const taking = new AbortController();
    const spawned = untilFact(supervisor, 'process.spawned', ({ actor }) => actor === 'server:b');
    const call = errorOf(supervisor.callTool('b', 'echo', { text: 'hi' }, { signal: taking.signal }));
    const ensured = errorOf(supervisor.ensureConnected(['b'], { signal: taking.signal }));
    await spawned;
    taking.abort();
    expect(await call).toMatchObject({ code: 'CALL_CANCELLED' });
    expect(await ensured).toMatchObject({ code: 'CALL_CANCELLED' });
    expect(supervisor.status('b').state).toBe('starting');
  });
});

describe('making sure that servers are connected', () => {
  it('starts the lazy ones, waits for the others, and is done at once when all are', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ lazy: stage.program('speak', { lazy: true }), eager: stage.program('slow-start', {}, ['300']) });
    await supervisor.ensureConnected(['lazy', 'eager']);
    expect(supervisor.status().counts.connected).toBe(2);
    await supervisor.ensureConnected(['lazy', 'eager']);
    await supervisor.ensureConnected([]);
    await expect(supervisor.ensureConnected(['nobody'])).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
    expect((await factsSoFar(supervisor)).filter(({ type }) => type === 'process.spawned')).toHaveLength(2);
  });
});
