import { describe, expect, it } from 'vitest';
import { pidsMarked } from '../../support/processes.ts';
import { errorOf, factsSoFar, openStage, untilState } from '../../support/supervised.ts';

describe.concurrent('a command that does not exist', () => {
  it('is failed at once, without a retry, and the reason names it', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: { command: 'no-such-command-anywhere' } });
    expect(await supervisor.ready()).toMatchObject({ settled: true, notReady: [{ name: 'a', state: 'failed' }] });
    const { lastFailure, attempt, generation, nextRetryAt } = supervisor.status('a');
    expect({ attempt, generation, nextRetryAt }).toEqual({ attempt: 1, generation: 1, nextRetryAt: null });
    expect(lastFailure).toMatchObject({ class: 'spawnFailed', code: 'ENOENT', phase: 'spawning' });
    expect(lastFailure?.message).toContain('no-such-command-anywhere');
    expect(lastFailure?.message).toContain('PATH');
  });
});

describe.concurrent('a server that exits at once', () => {
  it('is tried eight times with growing delays, then failed; a start revives it', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('exits-at-once', { restart: { baseMs: 10, capMs: 5_000 } }, ['3']),
    });
    expect(await supervisor.ready({ timeoutMs: 40_000 })).toMatchObject({ settled: true });
    expect(supervisor.status('a')).toMatchObject({
      state: 'failed',
      attempt: 8,
      generation: 8,
      nextRetryAt: null,
      wanted: 'up',
    });
    expect(supervisor.status('a').lastFailure).toMatchObject({
      class: 'exited',
      exitCode: 3,
      stderrTail: ['cannot start: no such luck'],
    });
    const moves = (await factsSoFar(supervisor)).flatMap((fact) => (fact.type === 'server.transitioned' ? [fact] : []));
    const entered = moves.filter(({ to }) => to === 'backoff.delaying').map(({ at }) => Date.parse(at));
    const left = moves.filter(({ from }) => from === 'backoff.delaying').map(({ at }) => Date.parse(at));
    expect(entered).toHaveLength(7);
    for (const [index, at] of entered.entries()) {
      // The floor of each delay; timers may fire a millisecond early.
      expect((left[index] ?? 0) - at).toBeGreaterThanOrEqual((10 * 2 ** index) / 2 - 1);
    }
    expect(pidsMarked(stage.mark)).toEqual([]);

    const trying = untilState(supervisor, 'a', 'starting');
    const revived = supervisor.post('a', { type: 'server.start' });
    const settled = errorOf(revived.settled);
    await trying;
    expect(supervisor.status('a').attempt).toBe(0);
    expect(await settled).toMatchObject({
      code: 'COMMAND_REJECTED',
      details: { server: 'a', command: 'server.start', lastFailure: { class: 'exited' } },
    });
    expect(supervisor.status('a')).toMatchObject({ state: 'failed', generation: 16 });
  });

  it('is not tried again if its exit code says that it would be of no use', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('exits-at-once', {}, ['78']) });
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({ state: 'failed', generation: 1, lastFailure: { exitCode: 78 } });
  });

  it('rests, finished, if it is transient and its exit code is 0', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('exits-at-once', { restart: { kind: 'transient' } }, ['0']),
    });
    expect(await supervisor.ready()).toMatchObject({ settled: true, notReady: [] });
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', wanted: 'up', generation: 1 });
  });
});

describe.concurrent('a server that never answers initialize', () => {
  it('is given up after its start time, in the phase named', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('never-answers-initialize', { startTimeoutMs: 1_500, restart: { maxConsecutive: 1 } }),
    });
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({
      state: 'failed',
      lastFailure: { class: 'timedOut', phase: 'initializing' },
    });
    expect(pidsMarked(stage.mark)).toEqual([]);
  });
});

describe.concurrent('more servers than may start at a time', () => {
  it('starts them in turn', async () => {
    const stage = openStage();
    const names = ['a', 'b', 'c', 'd'];
    const supervisor = await stage.open(
      Object.fromEntries(names.map((name) => [name, stage.program('speak')])),
      {},
      { startConcurrency: 1 },
    );
    await supervisor.ready();
    const moves = (await factsSoFar(supervisor)).flatMap((fact) => (fact.type === 'server.transitioned' ? [fact] : []));
    const steps = moves.filter(({ from, to }) => to === 'starting.initializing' || from === 'starting.listing');
    expect(steps.map(({ actor, to }) => `${actor} ${to}`)).toEqual(
      names.flatMap((name) => [`server:${name} starting.initializing`, `server:${name} connected.quiet`]),
    );
    expect(supervisor.status().counts.connected).toBe(4);
  });

  it('does not let a person or a first call wait for their turn', async () => {
    const stage = openStage();
    const servers = {
      slow: stage.program('slow-start', {}, ['60000']),
      queued: stage.program('speak'),
      lazy: stage.program('speak', { lazy: true }),
    };
    const supervisor = await stage.open(servers, {}, { startConcurrency: 1 });
    expect(supervisor.status('queued')).toMatchObject({ state: 'idle', substate: 'queued', wanted: 'up' });
    await supervisor.send('queued', { type: 'server.start' });
    await supervisor.callTool('lazy', 'echo', { text: 'hi' });
    expect(supervisor.status('slow').state).toBe('starting');
  });
});
