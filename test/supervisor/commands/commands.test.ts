import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFailed } from 'vitest';
import type { CommandOutcome, CommandType, Supervisor } from '../../../src/index.ts';
import { isMcpvisorError } from '../../../src/index.ts';
import { startCensus } from '../../support/census.ts';
import { createMark, pidsMarked } from '../../support/processes.ts';
import { factsSoFar, openStage, pidOf, untilFact, untilState } from '../../support/supervised.ts';

describe('commands while a server is on its way', () => {
  it('join a restart whose old session is still ending', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('ignores-eof') });
    await supervisor.ready();
    const first = supervisor.post('a', { type: 'server.restart', by: 'the first' });
    expect(supervisor.status('a')).toMatchObject({ state: 'stopping', wanted: 'up' });
    const second = supervisor.post('a', { type: 'server.restart', by: 'the second' });
    expect(await Promise.all([first.settled, second.settled])).toMatchObject([
      { outcome: 'done' },
      { outcome: 'done' },
    ]);
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 2 });
    const accepted = (await factsSoFar(supervisor)).flatMap((fact) =>
      fact.type === 'command.accepted' ? [fact.by] : [],
    );
    expect(accepted).toEqual(['the first', 'the second']);
  });

  it('stop one that is starting', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('slow-start', {}, ['60000']) });
    await untilFact(supervisor, 'process.spawned', undefined, { since: 0 });
    const start = supervisor.post('a', { type: 'server.start' });
    expect(await supervisor.send('a', { type: 'server.stop' })).toMatchObject({ outcome: 'done' });
    expect(await start.settled).toMatchObject({ outcome: 'superseded' });
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', wanted: 'down', pid: null, lastFailure: null });
    expect(pidsMarked(stage.mark)).toEqual([]);
    await expect(supervisor.callTool('a', 'echo', { text: 'hi' })).rejects.toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { state: 'idle' },
    });
  });

  it('start one that is stopping, as another process', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('ignores-eof') });
    await supervisor.ready();
    const pid = pidOf(supervisor, 'a');
    const stop = supervisor.post('a', { type: 'server.stop' });
    const start = supervisor.post('a', { type: 'server.start' });
    expect(await stop.settled).toMatchObject({ outcome: 'superseded' });
    expect(await start.settled).toMatchObject({ outcome: 'done' });
    expect(pidOf(supervisor, 'a')).not.toBe(pid);
  });

  it('stop one that waits to be tried again', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('exits-at-once', { restart: { baseMs: 60_000, capMs: 60_000 } }, ['1']),
    });
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    expect(await supervisor.send('a', { type: 'server.reset' })).toMatchObject({ outcome: 'done' });
    expect(supervisor.status('a')).toMatchObject({ state: 'backoff', attempt: 0 });
    expect(await supervisor.send('a', { type: 'server.stop' })).toMatchObject({ outcome: 'done' });
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', wanted: 'down', nextRetryAt: null });
    expect(supervisor.snapshot('a').timers).toEqual([]);
  });

  it('are refused for a server nobody knows', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    expect(() => supervisor.post('b', { type: 'server.start' })).toThrow(
      expect.objectContaining({ code: 'SERVER_NOT_FOUND', details: { server: 'b', known: ['a'] } }),
    );
    await expect(supervisor.send('b', { type: 'server.start' })).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
  });
});

/** The same numbers for the same seed: Lehmer's generator. */
function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % sides;
  };
}

const types: readonly CommandType[] = ['server.start', 'server.stop', 'server.restart', 'server.retry', 'server.reset'];

interface Posted {
  readonly commandId: string;
  readonly type: CommandType;
  readonly settled: Promise<CommandOutcome>;
}

/** Null: not allowed in the state it is in. */
function post(supervisor: Supervisor, server: string, type: CommandType): Posted | null {
  try {
    return { type, ...supervisor.post(server, { type }) };
  } catch (error) {
    if (isMcpvisorError(error, 'EVENT_NOT_ALLOWED')) return null;
    throw error;
  }
}

describe('a hundred commands at random', () => {
  it('lead to what was asked last, settle once each, and never let two processes of a server live', async () => {
    const seed = Number(process.env.MCPVISOR_SEED ?? 1 + (Date.now() % 1_000_000));
    onTestFailed(() => console.error(`again: MCPVISOR_SEED=${seed}`));
    const roll = createDice(seed);
    const stage = openStage();
    const servers = ['speak', 'ignores-eof', 'ignores-sigterm'];
    const marks = servers.map(() => createMark());
    const restart = { baseMs: 20, capMs: 100, maxConsecutive: 0, intensity: 0 };
    const stop = { closeMs: 40, terminateMs: 40, killMs: 5_000 };
    const entries = servers.map((program, index) => [
      program,
      stage.program(program, { restart, stop }, [marks[index] ?? '']),
    ]);
    const supervisor = await stage.open(Object.fromEntries(entries));
    const census = await startCensus(marks);
    const posted: Posted[] = [];
    const lastAsked = new Map(servers.map((server) => [server, 'up']));
    for (let count = 0; count < 100; count += 1) {
      const server = servers[roll(servers.length)] ?? '';
      const type = types[roll(types.length)] ?? 'server.start';
      const command = post(supervisor, server, type);
      if (command !== null) {
        posted.push(command);
        if (type !== 'server.reset') lastAsked.set(server, type === 'server.stop' ? 'down' : 'up');
      }
      const pause = roll(4);
      if (pause === 1) await turn();
      if (pause === 2)
        await untilFact(supervisor, 'server.transitioned', undefined, { withinMs: 100 }).catch(() => null); // Nothing may be under way.
      if (pause === 3) await Promise.allSettled([command?.settled]);
    }
    const outcomes = await Promise.allSettled(posted.map(({ settled }) => settled));
    await supervisor.ready();
    await expect.poll(() => supervisor.status().counts.stopping).toBe(0);
    const { most, looks } = await census.end();
    const facts = await factsSoFar(supervisor);
    const told = (type: 'command.accepted' | 'command.settled') =>
      facts.flatMap((fact) => (fact.type === type ? [fact.commandId] : [])).sort();
    const ids = posted.map(({ commandId }) => commandId).sort();
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(told('command.accepted')).toEqual(ids);
    expect(told('command.settled')).toEqual(ids);
    for (const [server, wanted] of lastAsked) {
      expect(supervisor.status(server)).toMatchObject({ wanted, state: wanted === 'up' ? 'connected' : 'idle' });
    }
    expect(Object.values(most)).toEqual([1, 1, 1]);
    expect(looks).toBeGreaterThan(20);
    for (const [index, server] of servers.entries()) {
      const { pid } = supervisor.status(server);
      expect(pidsMarked(marks[index] ?? '')).toEqual(pid === null ? [] : [pid]);
    }
  });
});
