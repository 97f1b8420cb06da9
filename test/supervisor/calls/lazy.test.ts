import { describe, expect, it } from 'vitest';
import type { Answered } from '../../../src/index.ts';
import { startCensus } from '../../support/census.ts';
import { kill, stepsIn } from '../../support/lives.ts';
import { pidsMarked } from '../../support/processes.ts';
import { errorOf, factsSoFar, openStage, pidOf, textOf, untilFact, untilState } from '../../support/supervised.ts';

describe('a lazy server', () => {
  it('has no process until its first call, and no tools that are known', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true }) });
    expect(await supervisor.ready()).toEqual({ settled: true, notReady: [] });
    expect(supervisor.status('a')).toMatchObject({
      state: 'idle',
      substate: null,
      wanted: 'up',
      generation: 0,
      pid: null,
      lazy: true,
    });
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

  it('does not deny a tool while its first list is on the way', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true }) });
    const listing = untilState(supervisor, 'a', 'starting.listing');
    const first = supervisor.callTool('a', 'echo', { text: 'first' });
    await listing;
    expect(supervisor.status('a')).toMatchObject({ state: 'starting', substate: 'listing', counts: { tools: 0 } });
    await expect(supervisor.checkCall('a', 'echo', {})).rejects.toMatchObject({ code: 'SERVER_NOT_CONNECTED' });
    expect(textOf(await supervisor.callTool('a', 'echo', { text: 'second' }))).toBe('second');
    expect(textOf(await first)).toBe('first');
  });

  it('goes back to sleep without calls, keeps its tools listed, and wakes again', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true, idleStopMs: 1_000 }) });
    const asleep = untilState(supervisor, 'a', 'idle');
    await supervisor.ensureConnected(['a']);
    await asleep;
    expect(supervisor.status('a')).toMatchObject({
      state: 'idle',
      wanted: 'up',
      attempt: 0,
      lastFailure: null,
      pid: null,
    });
    expect(pidsMarked(stage.mark)).toEqual([]);
    expect(supervisor.tools().find(({ name }) => name === 'echo')).toMatchObject({ stale: true });
    expect(textOf(await supervisor.callTool('a', 'echo', { text: 'again' }))).toBe('again');
    expect(supervisor.status('a').generation).toBe(2);
    await expect(supervisor.callTool('a', 'no-such-tool')).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
  });

  it('stays awake while a call is in flight', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true, idleStopMs: 1_000 }) });
    const asleep = untilState(supervisor, 'a', 'idle');
    expect(textOf(await supervisor.callTool('a', 'sleep', { ms: 700 }))).toBe('slept');
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1 });
    await asleep;
  });

  it('that falls asleep just as a call comes is woken by it', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('ignores-eof', { lazy: true, idleStopMs: 1_000 }) });
    const fallsAsleep = untilState(supervisor, 'a', 'stopping');
    await supervisor.ensureConnected(['a']);
    const pid = pidOf(supervisor, 'a');
    await fallsAsleep;
    const woken = textOf(await supervisor.callTool('a', 'pid'));
    expect(woken).not.toBe(String(pid));
  });

  it('that cannot start tells its callers why, and is tried again like any other', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('exits-at-once', { lazy: true, restart: { baseMs: 60_000, capMs: 60_000 } }, ['3']),
    });
    const [call, ensured] = await Promise.all([
      errorOf(supervisor.callTool('a', 'echo', { text: 'hi' })),
      errorOf(supervisor.ensureConnected(['a'], { retries: false })),
    ]);
    expect(call).toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { server: 'a', state: 'backoff', reason: expect.stringContaining('3') },
    });
    expect(ensured).toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { nextRetryAt: supervisor.status('a').nextRetryAt },
    });
    await expect(supervisor.callTool('a', 'echo')).rejects.toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { state: 'backoff' },
    });
  });

  it('tells its first caller how long that took, the start included, and which life answered', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('slow-start', { lazy: true }, ['300']) });
    const answered: Answered[] = [];
    const onAnswered = (one: Answered) => void answered.push(one);
    await supervisor.callTool('a', 'echo', { text: 'hi' }, { onAnswered });
    await errorOf(supervisor.callTool('a', 'exit', { code: 3 }, { onAnswered }));
    await supervisor.send('a', { type: 'server.start' });
    await supervisor.request('a', 'ping', {}, { onAnswered });
    expect(answered).toEqual([
      { durationMs: expect.any(Number), generation: 1 },
      { durationMs: expect.any(Number), generation: 2 },
    ]);
    expect(answered[0]?.durationMs).toBeGreaterThanOrEqual(300);
    const throwing = () => {
      throw new Error('a bug of the caller');
    };
    expect(textOf(await supervisor.callTool('a', 'echo', { text: 'hi' }, { onAnswered: throwing }))).toBe('hi');
  });

  it('that was stopped by a person is not started by a call', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true }) });
    await supervisor.send('a', { type: 'server.stop' });
    await expect(supervisor.callTool('a', 'echo', { text: 'hi' })).rejects.toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { state: 'idle' },
    });
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

describe('a caller that has given up beforehand', () => {
  it('starts nothing', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak', { lazy: true }) });
    const signal = AbortSignal.abort();
    expect(await errorOf(supervisor.callTool('a', 'echo', { text: 'hi' }, { signal }))).toMatchObject({
      code: 'CALL_CANCELLED',
    });
    expect(await errorOf(supervisor.ensureConnected(['a'], { signal }))).toMatchObject({ code: 'CALL_CANCELLED' });
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', generation: 0 });
  });
});

describe('making sure that servers are connected', () => {
  it('starts the lazy ones, waits for the others, and is done at once when all are', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      lazy: stage.program('speak', { lazy: true }),
      eager: stage.program('slow-start', {}, ['300']),
    });
    await supervisor.ensureConnected(['lazy', 'eager']);
    expect(supervisor.status().counts.connected).toBe(2);
    await supervisor.ensureConnected(['lazy', 'eager']);
    await supervisor.ensureConnected([]);
    await expect(supervisor.ensureConnected(['nobody'])).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
    expect((await factsSoFar(supervisor)).filter(({ type }) => type === 'process.spawned')).toHaveLength(2);
  });

  it('waits through the next tries for as long as it is given, and counts no failure for it', async () => {
    const stage = openStage();
    const restart = { baseMs: 100, capMs: 100, maxConsecutive: 0 };
    const supervisor = await stage.open({
      late: stage.program('speak', { restart }),
      never: stage.program('exits-at-once', { restart: { baseMs: 600_000, capMs: 600_000, maxConsecutive: 0 } }),
    });
    await supervisor.ensureConnected(['late']);
    const down = untilState(supervisor, 'late', 'backoff');
    await errorOf(supervisor.callTool('late', 'exit', { code: 3 }));
    await down;
    const { attempt } = supervisor.status('late');
    await supervisor.ensureConnected(['late'], { timeoutMs: 60_000 });
    expect(supervisor.status('late')).toMatchObject({ state: 'connected', generation: 2, attempt });
    expect(await errorOf(supervisor.ensureConnected(['never'], { timeoutMs: 500 }))).toMatchObject({
      code: 'CALL_TIMED_OUT',
      details: { server: 'never', timeoutMs: 500 },
    });
    const waiting = errorOf(supervisor.ensureConnected(['never'], { timeoutMs: 60_000 }));
    await supervisor.send('never', { type: 'server.stop' });
    expect(await waiting).toMatchObject({ code: 'SERVER_NOT_CONNECTED', details: { server: 'never' } });
  });
});

describe('many lazy servers', () => {
  it('have no process until one of them is called, and then that one has one, however many calls come at once', async () => {
    const stage = openStage();
    const names = Array.from({ length: 50 }, (_, index) => `lazy-${index}`);
    const supervisor = await stage.open(
      Object.fromEntries(names.map((name) => [name, stage.program('speak', { lazy: true })])),
    );
    expect(await supervisor.ready()).toEqual({ settled: true, notReady: [] });
    expect(supervisor.status().counts.idle).toBe(50);
    expect(pidsMarked(stage.mark)).toEqual([]);
    expect(supervisor.tools()).toEqual([]);

    const census = await startCensus([stage.mark]);
    const calls = Array.from({ length: 20 }, (_, index) =>
      supervisor.callTool('lazy-7', 'echo', { text: String(index) }),
    );
    expect((await Promise.all(calls)).map(textOf)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
    expect((await census.end()).most[stage.mark]).toBe(1);
    expect(supervisor.status().counts).toMatchObject({ idle: 49, connected: 1 });
    expect(
      (await factsSoFar(supervisor)).filter(({ type }) => type === 'process.spawned').map(({ actor }) => actor),
    ).toEqual(['server:lazy-7']);
    expect([...new Set(supervisor.tools().map(({ server }) => server))]).toEqual(['lazy-7']);

    // Once they have been up, their tools stay listed without them.
    await supervisor.ensureConnected(names.slice(0, 4));
    await Promise.all(names.slice(0, 4).map((server) => supervisor.send(server, { type: 'server.stop' })));
    expect(new Set(supervisor.tools().map(({ server, stale }) => `${server} ${stale}`))).toEqual(
      new Set(['lazy-0 true', 'lazy-1 true', 'lazy-2 true', 'lazy-3 true', 'lazy-7 false']),
    );
  });
});

describe('a lazy server that depends on a lazy server', () => {
  const sleepy = { lazy: true, idleStopMs: 1_000 };

  it('is called: both start, in order', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      app: stage.program('speak', { lazy: true, dependsOn: ['db'] }),
      db: stage.program('slow-start', { lazy: true }, ['200']),
    });
    expect(await supervisor.ready()).toEqual({ settled: true, notReady: [] });
    expect(pidsMarked(stage.mark)).toEqual([]);
    const calls = Array.from({ length: 20 }, (_, index) => supervisor.callTool('app', 'echo', { text: String(index) }));
    expect((await Promise.all(calls)).map(textOf)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
    expect(stepsIn(await factsSoFar(supervisor), ['app', 'db'])).toEqual([
      'db starts',
      'db is up',
      'app starts',
      'app is up',
    ]);
  });

  it('keeps it awake while it runs; when it sleeps, the dependency does, too', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      app: stage.program('speak', { lazy: true, dependsOn: ['db'] }),
      db: stage.program('speak', sleepy),
    });
    await supervisor.ensureConnected(['app']);
    // Unused for ten times as long as it may be.
    expect(textOf(await supervisor.callTool('app', 'sleep', { ms: 2_000 }))).toBe('slept');
    expect(supervisor.status('db')).toMatchObject({ state: 'connected', generation: 1, counts: { calls: 0 } });
    const asleep = untilState(supervisor, 'db', 'idle');
    await supervisor.replace('app', stage.program('speak', { ...sleepy, dependsOn: ['db'] }));
    await asleep;
    const steps = stepsIn(await factsSoFar(supervisor), ['app', 'db']);
    expect(steps.slice(4)).toEqual(['app stops', 'app is gone', 'db stops', 'db is gone']);
    expect(supervisor.status('db')).toMatchObject({ state: 'idle', wanted: 'up', attempt: 0 });
    expect(textOf(await supervisor.callTool('app', 'echo', { text: 'again' }))).toBe('again');
    expect(supervisor.status('db').generation).toBe(2);
  });

  it('tells its callers why it does not start when the dependency cannot', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      app: stage.program('speak', { lazy: true, dependsOn: ['db'] }),
      db: stage.program('exits-at-once', { lazy: true }, ['78']),
    });
    const calls = Array.from({ length: 5 }, () => errorOf(supervisor.callTool('app', 'echo', { text: 'hi' })));
    for (const error of await Promise.all([...calls, errorOf(supervisor.ensureConnected(['app']))])) {
      expect(error).toMatchObject({
        code: 'SERVER_NOT_CONNECTED',
        details: { server: 'app', reason: 'waits for db; dependency "db" is failed' },
      });
    }
    // The next one hears it at once.
    expect(await errorOf(supervisor.callTool('app', 'echo', { text: 'hi' }))).toMatchObject({
      details: { reason: expect.stringContaining('"db" is failed') },
    });
    expect(supervisor.status('app')).toMatchObject({ state: 'idle', generation: 0, attempt: 0, wanted: 'up' });
  });

  it('and is called while a person has stopped the dependency says so, and leaves it stopped', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      app: stage.program('speak', { lazy: true, dependsOn: ['db'] }),
      db: stage.program('speak', { lazy: true }),
    });
    await supervisor.send('db', { type: 'server.stop' });
    expect(await errorOf(supervisor.callTool('app', 'echo', { text: 'hi' }))).toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { server: 'app', reason: expect.stringContaining('dependency "db" is stopped') },
    });
    expect(supervisor.status('db')).toMatchObject({ state: 'idle', wanted: 'down', generation: 0 });
    await supervisor.send('db', { type: 'server.start' });
    expect(textOf(await supervisor.callTool('app', 'echo', { text: 'now' }))).toBe('now');
  });
});

describe('a server that is not lazy and depends on a lazy one', () => {
  it('starts it at boot, and again when it has died', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      app: stage.program('speak', { dependsOn: ['db'] }),
      db: stage.program('speak', { lazy: true, idleStopMs: 1_000 }),
    });
    await supervisor.ready();
    expect(supervisor.status().counts.connected).toBe(2);
    const app = pidOf(supervisor, 'app');
    await kill(supervisor, 'db');
    await supervisor.ready();
    expect(supervisor.status('db')).toMatchObject({ state: 'connected', generation: 2 });
    expect(pidOf(supervisor, 'app')).toBe(app);
  });
});
