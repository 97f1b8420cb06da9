import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/index.ts';
import { isRunning, pidsMarked, until } from '../../support/processes.ts';
import { errorOf, factsSoFar, openStage, pidOf, textOf, untilFact, untilState } from '../../support/supervised.ts';

/** A timer that no other server has: arming it is the bug. */
const cursedMs = 54_321;

/**
 * The machine's own clock, but that it throws when the cursed timer is armed, `times` times. That kills the actor that
 * wants it: nothing else from outside can.
 */
function createCursedClock(times: number): Clock {
  let left = times;
  return {
    now: () => Date.now(),
    setTimeout(callback, delayMs) {
      if (delayMs === cursedMs && left > 0) {
        left -= 1;
        throw new Error('a bug in the clock');
      }
      return setTimeout(callback, delayMs);
    },
    clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  };
}

describe('an actor that dies of a bug', () => {
  it('is replaced once its process is gone; the others live', async () => {
    const stage = openStage();
    const servers = {
      cursed: stage.program('speak', { restart: { stableAfterMs: cursedMs } }),
      good: stage.program('speak'),
    };
    const supervisor = await stage.open(servers, {}, { clock: createCursedClock(1) });
    const died = await untilFact(supervisor, 'actor.died', undefined, { since: 0 });
    expect(died).toMatchObject({ actor: 'server:cursed', message: 'a bug in the clock' });
    await untilFact(
      supervisor,
      'session.opened',
      ({ actor, generation }) => actor === 'server:cursed' && generation === 2,
      { since: 0 },
    );
    await supervisor.ready();
    expect(supervisor.status('cursed')).toMatchObject({ state: 'connected', generation: 2, wanted: 'up' });
    expect(supervisor.status('good')).toMatchObject({ state: 'connected', generation: 1 });
    const [first] = (await factsSoFar(supervisor)).flatMap((fact) =>
      fact.type === 'process.spawned' && fact.actor === 'server:cursed' ? [fact.pid] : [],
    );
    expect(isRunning(first ?? 0)).toBe(false);
    expect(new Set(pidsMarked(stage.mark))).toEqual(new Set([pidOf(supervisor, 'cursed'), pidOf(supervisor, 'good')]));
    expect(textOf(await supervisor.callTool('cursed', 'echo', { text: 'here' }))).toBe('here');
  });

  it('is shown as failed until its successor is there', async () => {
    const stage = openStage();
    const supervisor = await stage.open(
      { cursed: stage.program('ignores-eof', { enabled: false, restart: { stableAfterMs: cursedMs } }) },
      {},
      { clock: createCursedClock(1) },
    );
    const shown: unknown[] = [];
    const watching = (async () => {
      for await (const { type } of supervisor.facts()) {
        if (type === 'actor.died') shown.push(supervisor.status('cursed'), supervisor.status().servers.length);
      }
    })();
    const died = untilFact(supervisor, 'actor.died');
    const back = untilFact(supervisor, 'session.opened', ({ generation }) => generation === 2);
    // On reaching `connected` the start is done; the actor dies a moment later.
    await supervisor.send('cursed', { type: 'server.start' });
    await died;
    await back;
    await supervisor.close();
    await watching;
    expect(shown).toMatchObject([
      { state: 'failed', lastFailure: { class: 'internal', message: expect.stringContaining('a bug in the clock') } },
      1,
    ]);
  });

  it('takes the command it died over with it, not the wish', async () => {
    const stage = openStage();
    const supervisor = await stage.open(
      { cursed: stage.program('speak', { stop: { closeMs: cursedMs } }) },
      {},
      { clock: createCursedClock(1) },
    );
    await supervisor.ready();
    const back = untilState(supervisor, 'cursed', 'connected');
    expect(await errorOf(supervisor.send('cursed', { type: 'server.restart' }))).toMatchObject({
      code: 'COMMAND_REJECTED',
      details: { server: 'cursed', command: 'server.restart', reason: expect.stringContaining('a bug in the clock') },
    });
    await back;
    expect(supervisor.status('cursed')).toMatchObject({ state: 'connected', wanted: 'up', generation: 2 });
  });

  it('three times in a minute is failed, and a person may start it', async () => {
    const stage = openStage();
    const supervisor = await stage.open(
      { cursed: stage.program('speak', { restart: { stableAfterMs: cursedMs } }), good: stage.program('speak') },
      {},
      { clock: createCursedClock(3) },
    );
    await untilState(supervisor, 'good', 'connected', { since: 0 });
    await expect
      .poll(() => supervisor.status('cursed'), { timeout: 20_000 })
      .toMatchObject({
        state: 'failed',
        generation: 3,
        pid: null,
        lastFailure: { class: 'internal', message: expect.stringContaining('3 times') },
      });
    expect(await errorOf(supervisor.callTool('cursed', 'echo', { text: 'hi' }))).toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { state: 'failed' },
    });
    await supervisor.send('cursed', { type: 'server.start' });
    expect(supervisor.status('cursed')).toMatchObject({ state: 'connected', generation: 4 });
    expect(supervisor.status('good').generation).toBe(1);
  });

  it('of a group gives its servers back as they were wished', async () => {
    const stage = openStage();
    const speaking = Object.fromEntries(
      ['a', 'b', 'stopped'].map((name) => [name, stage.program('speak', { group: 'web' })]),
    );
    const servers = { ...speaking, slow: stage.program('slow-start', { group: 'web', enabled: false }, ['60000']) };
    const groups = { web: { strategy: 'one-for-all', intensity: 1, periodMs: cursedMs } };
    const supervisor = await stage.open(servers, { groups }, { clock: createCursedClock(1) });
    await supervisor.ready();
    await supervisor.send('stopped', { type: 'server.stop' });
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    await untilFact(supervisor, 'round.closed');
    await supervisor.ready();
    const start = errorOf(supervisor.send('slow', { type: 'server.start' }));
    const died = untilFact(supervisor, 'actor.died', ({ actor }) => actor === 'group:web');
    const back = ['stopped', 'slow'].map((name) =>
      untilFact(supervisor, 'server.added', ({ actor }) => actor === `server:${name}`),
    );
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    await died;
    await Promise.all(back);
    expect(await start, 'nothing shuts down but its group').toMatchObject({
      code: 'COMMAND_REJECTED',
      details: { server: 'slow', reason: expect.stringContaining('a bug in the clock') },
    });
    await supervisor.send('slow', { type: 'server.stop' });
    // One that is killed with its group may take the other along once more.
    await until('both are back', () => ['a', 'b'].every((name) => supervisor.status(name).state === 'connected'));
    expect(supervisor.status('stopped')).toMatchObject({ state: 'idle', wanted: 'down' });
  });

  it('at the root still leaves no process', async () => {
    const stage = openStage();
    const supervisor = await stage.open(
      { a: stage.program('ignores-sigterm') },
      { shutdownMs: cursedMs },
      { clock: createCursedClock(1) },
    );
    await supervisor.ready();
    await supervisor.close();
    await expect.poll(() => pidsMarked(stage.mark)).toEqual([]);
  });
});
