import { describe, expect, it } from 'vitest';
import type { Supervisor } from '../../src/index.ts';
import { factsSince, isBefore, kill, lastSeq, stepsIn, whoIn } from '../support/lives.ts';
import { isRunning, pidsMarked } from '../support/processes.ts';
import { createSkippingClock } from '../support/skipping-clock.ts';
import { factsSoFar, openStage, pidOf, type Stage, untilFact, untilState } from '../support/supervised.ts';

const noCounters = { attempt: 0, unreachable: 0, refusedSince: null, automaticStarts: [], failureTimes: [] };

/** Kills a server, waits until all are back, and tells the steps that were taken. */
async function stepsAfterKill(
  supervisor: Supervisor,
  server: string,
  servers: readonly string[],
): Promise<readonly string[]> {
  const before = await lastSeq(supervisor);
  await kill(supervisor, server);
  await supervisor.ready();
  expect(supervisor.status().counts.connected).toBe(supervisor.status().servers.length);
  return stepsIn(await factsSince(supervisor, before), servers);
}

function pidsOf(supervisor: Supervisor, servers: readonly string[]): readonly number[] {
  return servers.map((server) => pidOf(supervisor, server));
}

/** `base`, two that depend on it, and one that has nothing to do with them, all in this group. */
function familyOf({ program }: Stage, group: string) {
  return {
    other: program('speak', { group }),
    left: program('speak', { group, dependsOn: ['base'] }),
    base: program('speak', { group }),
    right: program('speak', { group, dependsOn: ['base'] }),
  };
}

const family = ['other', 'base', 'left', 'right'];

describe('a server and two that depend on it', () => {
  it('in one rest-for-one group are stopped and started again in order each time it is killed, and only it is charged', async () => {
    const stage = openStage();
    const supervisor = await stage.open(familyOf(stage, 'web'), { groups: { web: { strategy: 'rest-for-one' } } });
    await supervisor.ready();
    const other = pidOf(supervisor, 'other');
    for (let round = 1; round <= 5; round += 1) {
      const old = pidsOf(supervisor, ['base', 'left', 'right']);
      const steps = await stepsAfterKill(supervisor, 'base', family);
      expect(whoIn(steps, 'fails')).toEqual(['base']);
      expect(whoIn(steps, 'stops')).toEqual(['right', 'left']);
      expect(whoIn(steps, 'starts')).toEqual(['base', 'left', 'right']);
      for (const dependent of ['left', 'right']) {
        expect(isBefore(steps, `${dependent} is gone`, 'base starts')).toBe(true);
        expect(isBefore(steps, 'base is up', `${dependent} starts`)).toBe(true);
      }
      expect(old.filter(isRunning)).toEqual([]);
      expect(pidsMarked(stage.mark)).toHaveLength(4);
      expect(pidOf(supervisor, 'other')).toBe(other);
      expect(supervisor.status('base')).toMatchObject({
        attempt: round,
        generation: round + 1,
        counts: { restarts: round },
      });
      for (const dependent of ['left', 'right']) {
        expect(supervisor.status(dependent)).toMatchObject({
          attempt: 0,
          lastFailure: null,
          alarms: [],
          generation: round + 1,
        });
        expect(supervisor.snapshot(dependent).context.counters).toEqual(noCounters);
      }
    }
    const rounds = (await factsSoFar(supervisor)).filter(({ type }) => type === 'round.opened');
    expect(rounds).toHaveLength(5);
    expect(rounds[0]).toMatchObject({ actor: 'group:web', trigger: 'base', victims: ['left', 'right'] });
  });

  it('in a group that is one-for-one are not: its dependents keep their processes, and carry an alarm meanwhile', async () => {
    const stage = openStage();
    const supervisor = await stage.open(familyOf(stage, 'default'));
    await supervisor.ready();
    const others = ['other', 'left', 'right'];
    const pids = pidsOf(supervisor, others);
    for (let death = 1; death <= 5; death += 1) {
      const before = await lastSeq(supervisor);
      await kill(supervisor, 'base');
      for (const dependent of ['left', 'right']) {
        const alarm = {
          alarm: 'dependency-down',
          since: expect.any(String),
          reason: 'not connected: base',
          clearedBy: 'their connection',
        };
        expect(supervisor.status(dependent)).toMatchObject({ state: 'connected', alarms: [alarm] });
        expect(supervisor.status().alarms).toContainEqual({ actor: `server:${dependent}`, ...alarm });
      }
      expect(supervisor.status('other').alarms).toEqual([]);
      await supervisor.ready();
      expect(pidsOf(supervisor, others)).toEqual(pids);
      const facts = await factsSince(supervisor, before);
      expect(stepsIn(facts, family)).toEqual(['base is gone', 'base fails', 'base starts', 'base is up']);
      for (const type of ['alarm.raised', 'alarm.cleared'] as const) {
        const told = facts
          .filter((fact) => fact.type === type && fact.alarm === 'dependency-down')
          .map(({ actor }) => actor);
        expect(told.toSorted()).toEqual(['server:left', 'server:right']);
      }
      expect(supervisor.status().alarms).toEqual([]);
    }
    expect(supervisor.status('left')).toMatchObject({ attempt: 0, generation: 1, lastFailure: null });
    expect((await factsSoFar(supervisor)).filter(({ type }) => type === 'round.opened')).toEqual([]);
  });
});

describe('a member of a group that is one-for-all', () => {
  const servers = ['a', 'b', 'c'];
  const settings = { groups: { web: { strategy: 'one-for-all' } } };
  const allIn = ({ program }: Stage) => ({
    a: program('speak', { group: 'web' }),
    b: program('speak', { group: 'web', dependsOn: ['a'] }),
    c: program('speak', { group: 'web', dependsOn: ['b'] }),
  });

  it('takes all others with it, dependents first, and they come back in order', async () => {
    const stage = openStage();
    const supervisor = await stage.open(allIn(stage), settings);
    await supervisor.ready();
    const steps = await stepsAfterKill(supervisor, 'a', servers);
    expect(steps.filter((step) => !step.startsWith('a'))).toEqual([
      'c stops',
      'c is gone',
      'b stops',
      'b is gone',
      'b starts',
      'b is up',
      'c starts',
      'c is up',
    ]);
    expect(isBefore(steps, 'b is gone', 'a starts')).toBe(true);
    expect(isBefore(steps, 'a is up', 'b starts')).toBe(true);
  });

  it('that others do not depend on takes them with it, too', async () => {
    const stage = openStage();
    const supervisor = await stage.open(allIn(stage), settings);
    await supervisor.ready();
    const steps = await stepsAfterKill(supervisor, 'c', servers);
    // c waits for b, so b does not wait for c.
    expect(steps.filter((step) => !step.startsWith('c'))).toEqual([
      'b stops',
      'b is gone',
      'a stops',
      'a is gone',
      'a starts',
      'a is up',
      'b starts',
      'b is up',
    ]);
    expect(isBefore(steps, 'b is up', 'c starts')).toBe(true);
  });

  it('that hangs is a failure like any other', async () => {
    const stage = openStage();
    const heartbeat = { intervalMs: 200, timeoutMs: 200, misses: 1, busyMisses: 1 };
    const supervisor = await stage.open(
      { a: stage.program('speak', { group: 'web', heartbeat }), b: stage.program('speak', { group: 'web' }) },
      settings,
    );
    await supervisor.ready();
    const closed = untilFact(supervisor, 'round.closed');
    process.kill(pidOf(supervisor, 'a'), 'SIGSTOP');
    expect(await closed).toMatchObject({ started: ['b'] });
    await supervisor.ready();
    expect(supervisor.status('a').lastFailure?.class).toBe('hung');
    expect(supervisor.status('b')).toMatchObject({ state: 'connected', generation: 2, attempt: 0 });
  });

  it('that fails for good leaves the others to start without it', async () => {
    const stage = openStage();
    const supervisor = await stage.open(allIn(stage), settings);
    await supervisor.ready();
    const failed = untilState(supervisor, 'c', 'failed');
    await supervisor.callTool('c', 'exit', { code: 78 }).catch(() => null);
    await failed;
    await supervisor.ready();
    expect(supervisor.status().counts).toMatchObject({ connected: 2, failed: 1 });
    expect(supervisor.status('b')).toMatchObject({ generation: 2, attempt: 0 });
  });

  it('takes nobody with it when a person stops or restarts it, or when a plan does', async () => {
    const stage = openStage();
    const supervisor = await stage.open(allIn(stage), settings);
    await supervisor.ready();
    const b = pidOf(supervisor, 'b');
    await supervisor.send('c', { type: 'server.restart' });
    await supervisor.replace('c', stage.program('speak', { group: 'web', dependsOn: ['b'], env: { CHANGED: 'yes' } }));
    await supervisor.ready();
    await supervisor.send('c', { type: 'server.stop' });
    expect(pidOf(supervisor, 'b')).toBe(b);
    expect((await factsSoFar(supervisor)).filter(({ type }) => type === 'round.opened')).toEqual([]);
  });

  it('holds the others back while it waits for its next try, and a person need not wait', async () => {
    const stage = openStage();
    const slow = { restart: { baseMs: 120_000, capMs: 120_000 } };
    const group = 'web';
    const supervisor = await stage.open(
      {
        a: stage.program('speak', { group, ...slow }),
        b: stage.program('speak', { group }),
        c: stage.program('speak', { group }),
        once: stage.program('speak', { group, restart: { kind: 'temporary' } }),
      },
      settings,
    );
    await supervisor.ready();
    const waiting = ['b', 'c'].map((server) => untilState(supervisor, server, 'idle.waiting'));
    const resting = untilState(supervisor, 'once', 'idle.resting');
    await kill(supervisor, 'a');
    await Promise.all([...waiting, resting]);
    expect(pidsMarked(stage.mark)).toEqual([]);
    expect(supervisor.status('b')).toMatchObject({ state: 'idle', substate: 'waiting', wanted: 'up' });
    expect(supervisor.status('b').alarms).toMatchObject([
      { alarm: 'waiting-for', reason: 'restarts after a of its group' },
    ]);
    await supervisor.send('b', { type: 'server.start' });
    expect(supervisor.status('b').state).toBe('connected');
    expect(supervisor.status('c').state).toBe('idle');
    const closed = untilFact(supervisor, 'round.closed');
    await supervisor.send('a', { type: 'server.retry' });
    await closed;
    await supervisor.ready();
    expect(supervisor.status().servers.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'a connected',
      'b connected',
      'c connected',
      'once idle',
    ]);
  });
});

describe('a group that has spent its rounds', () => {
  it('acts one-for-one with an alarm, and the supervisor is degraded, until a period has passed without a failure', async () => {
    const stage = openStage();
    const clock = createSkippingClock();
    const { program } = stage;
    const supervisor = await stage.open(
      { a: program('speak', { group: 'web' }), b: program('speak', { group: 'web' }), c: program('speak') },
      { groups: { web: { strategy: 'one-for-all', intensity: 2, periodMs: 600_000 } } },
      { clock },
    );
    await supervisor.ready();
    const servers = ['a', 'b'];
    expect(whoIn(await stepsAfterKill(supervisor, 'a', servers), 'starts')).toEqual(['a', 'b']);
    expect(whoIn(await stepsAfterKill(supervisor, 'b', servers), 'starts')).toEqual(['b', 'a']);
    expect(supervisor.status()).toMatchObject({ state: 'running', substate: 'settled', alarms: [] });

    const raised = untilFact(supervisor, 'alarm.raised');
    const b = pidOf(supervisor, 'b');
    expect(whoIn(await stepsAfterKill(supervisor, 'a', servers), 'starts')).toEqual(['a']);
    expect(await raised).toMatchObject({ actor: 'group:web', alarm: 'group-intensity' });
    expect(pidOf(supervisor, 'b')).toBe(b);
    expect(supervisor.status()).toMatchObject({ state: 'running', substate: 'degraded' });
    expect(supervisor.status().alarms).toEqual([
      {
        actor: 'group:web',
        alarm: 'group-intensity',
        since: expect.any(String),
        reason: '2 rounds within 600000 ms: the group acts one-for-one',
        clearedBy: expect.stringContaining('600000 ms without a failure'),
      },
    ]);

    const cleared = untilFact(supervisor, 'alarm.cleared');
    const settled = untilFact(supervisor, 'supervisor.transitioned', ({ to }) => to === 'running.settled');
    clock.skip(600_000);
    expect(await cleared).toMatchObject({ actor: 'group:web', alarm: 'group-intensity' });
    await settled;
    expect(supervisor.status()).toMatchObject({ state: 'running', substate: 'settled', alarms: [] });
    expect(whoIn(await stepsAfterKill(supervisor, 'a', servers), 'starts')).toEqual(['a', 'b']);
    expect(supervisor.status('c').generation).toBe(1);
  });

  it('is forgotten with its last server: no alarm stands, and nothing is degraded', async () => {
    const stage = openStage();
    const supervisor = await stage.open(
      { a: stage.program('speak', { group: 'web' }), b: stage.program('speak', { group: 'web' }) },
      { groups: { web: { strategy: 'one-for-all', intensity: 1, periodMs: 600_000 } } },
    );
    await supervisor.ready();
    await stepsAfterKill(supervisor, 'a', []);
    const raised = untilFact(supervisor, 'alarm.raised');
    await stepsAfterKill(supervisor, 'a', []);
    expect(await raised).toMatchObject({ actor: 'group:web', alarm: 'group-intensity' });
    const cleared = untilFact(supervisor, 'alarm.cleared');
    const settled = untilFact(supervisor, 'supervisor.transitioned', ({ to }) => to === 'running.settled');
    for (const server of ['a', 'b']) await supervisor.remove(server);
    expect(await cleared).toMatchObject({ actor: 'group:web', alarm: 'group-intensity' });
    await settled;
    expect(supervisor.status()).toMatchObject({ state: 'running', substate: 'settled', alarms: [] });
  });

  it('acts as one again when a plan gives it other settings', async () => {
    const stage = openStage();
    const servers = { a: stage.program('speak', { group: 'web' }), b: stage.program('speak', { group: 'web' }) };
    const settings = { groups: { web: { strategy: 'one-for-all', intensity: 1 } } };
    const supervisor = await stage.open(servers, settings);
    await supervisor.ready();
    await stepsAfterKill(supervisor, 'a', []);
    await stepsAfterKill(supervisor, 'a', []);
    expect(supervisor.status().substate).toBe('degraded');
    const pids = pidsOf(supervisor, ['a', 'b']);
    await supervisor.apply({
      mcpServers: servers,
      mcpvisor: { groups: { web: { strategy: 'rest-for-one', intensity: 1 } } },
    });
    expect(supervisor.status()).toMatchObject({ substate: 'settled', alarms: [] });
    expect(pidsOf(supervisor, ['a', 'b'])).toEqual(pids);
    expect(whoIn(await stepsAfterKill(supervisor, 'b', ['a', 'b']), 'starts')).toEqual(['b']);
    expect(whoIn(await stepsAfterKill(supervisor, 'a', ['a', 'b']), 'starts')).toEqual(['a', 'b']);
  });
});
