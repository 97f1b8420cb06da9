import { describe, expect, it } from 'vitest';
import type { Supervisor } from '../../src/index.ts';
import { factsSince, isBefore, kill, lastSeq, stepsIn, whoIn } from '../support/lives.ts';
import { isRunning, until } from '../support/processes.ts';
import {
  type Entries,
  errorOf,
  factsSoFar,
  openStage,
  pidOf,
  type Stage,
  untilFact,
  untilState,
} from '../support/supervised.ts';

const levels = ['db', 'service', 'agent'];

/** An agent on a service on a database, written the wrong way round. */
function threeLevels({ program }: Stage): Entries {
  return {
    agent: program('speak', { dependsOn: ['service'] }),
    service: program('speak', { dependsOn: ['db'] }),
    db: program('slow-start', {}, ['300']),
  };
}

async function openReady(stage: Stage, servers: Entries): Promise<Supervisor> {
  const supervisor = await stage.open(servers);
  await supervisor.ready();
  return supervisor;
}

describe('three servers of which each depends on the next', () => {
  it('start in their order, and say meanwhile what they wait for', async () => {
    const stage = openStage();
    const supervisor = await stage.open(threeLevels(stage));
    expect(supervisor.status('service')).toMatchObject({
      state: 'idle',
      substate: 'waiting',
      wanted: 'up',
      dependsOn: ['db'],
    });
    expect(supervisor.status('service').alarms).toMatchObject([
      { alarm: 'waiting-for', reason: 'waits for db', clearedBy: 'their connection' },
    ]);
    expect(supervisor.status('agent').alarms).toMatchObject([{ alarm: 'waiting-for', reason: 'waits for service' }]);
    expect(supervisor.status().alarms.map(({ actor, alarm }) => `${actor} ${alarm}`)).toEqual([
      'server:agent waiting-for',
      'server:service waiting-for',
    ]);
    expect(await supervisor.ready()).toEqual({ settled: true, notReady: [] });
    const facts = await factsSoFar(supervisor);
    expect(stepsIn(facts, levels)).toEqual([
      'db starts',
      'db is up',
      'service starts',
      'service is up',
      'agent starts',
      'agent is up',
    ]);
    expect(facts.filter(({ type }) => type === 'alarm.cleared').map(({ actor }) => actor)).toEqual([
      'server:service',
      'server:agent',
    ]);
    expect(supervisor.status().alarms).toEqual([]);
  });

  it('of which two die: what is healthy is left alone, and what died waits for what it needs', async () => {
    const stage = openStage();
    const supervisor = await openReady(stage, threeLevels(stage));
    const agent = pidOf(supervisor, 'agent');
    const before = await lastSeq(supervisor);
    await kill(supervisor, 'db');
    const waits = untilState(supervisor, 'service', 'backoff.waiting');
    await kill(supervisor, 'service');
    await waits;
    expect(supervisor.status('service').alarms).toMatchObject([{ alarm: 'waiting-for', reason: 'waits for db' }]);
    expect(supervisor.status('agent').alarms).toMatchObject([
      { alarm: 'dependency-down', reason: 'not connected: service' },
    ]);
    await supervisor.ready();
    const steps = stepsIn(await factsSince(supervisor, before), levels);
    expect(whoIn(steps, 'starts')).toEqual(['db', 'service']);
    expect(isBefore(steps, 'db is up', 'service starts')).toBe(true);
    expect(pidOf(supervisor, 'agent')).toBe(agent);
    expect(supervisor.status('agent')).toMatchObject({ generation: 1, attempt: 0, alarms: [] });
  });

  it('end in reverse order, each when those that need it are gone', async () => {
    const stage = openStage();
    const { program } = stage;
    // Each takes its time to go, so that their order is seen.
    const supervisor = await openReady(stage, {
      db: program('ignores-eof'),
      agent: program('ignores-sigterm', { dependsOn: ['service'] }),
      service: program('ignores-eof', { dependsOn: ['db'] }),
    });
    const before = await lastSeq(supervisor);
    const pids = levels.map((server) => pidOf(supervisor, server));
    const seen = new Set<string>();
    const closing = supervisor.close();
    await until('all are gone', () => {
      // Read from the one that goes last to the one that goes first: what is gone later cannot seem gone earlier.
      const running = levels.filter((_, level) => isRunning(pids[level] ?? 0));
      seen.add(running.join(' '));
      return running.length === 0;
    });
    await closing;
    expect([...seen]).toEqual(['db service agent', 'db service', 'db', '']);
    expect(stepsIn(await factsSince(supervisor, before), levels)).toEqual([
      'agent stops',
      'agent is gone',
      'service stops',
      'service is gone',
      'db stops',
      'db is gone',
    ]);
  });
});

describe('a start whose dependency is down', () => {
  it('is refused by the name of the dependency, ends no session that works, and the wish is kept', async () => {
    const stage = openStage();
    const supervisor = await openReady(stage, threeLevels(stage));
    const [service, agent] = [pidOf(supervisor, 'service'), pidOf(supervisor, 'agent')];
    await supervisor.send('db', { type: 'server.stop' });
    const refused = { code: 'COMMAND_REJECTED', message: expect.stringContaining('dependency "db" is stopped') };
    expect(await errorOf(supervisor.send('service', { type: 'server.restart' }))).toMatchObject(refused);
    expect(pidOf(supervisor, 'service')).toBe(service);

    await supervisor.send('service', { type: 'server.stop' });
    expect(await errorOf(supervisor.send('service', { type: 'server.start' }))).toMatchObject(refused);
    expect(supervisor.status('service')).toMatchObject({ state: 'idle', substate: 'waiting', wanted: 'up', pid: null });
    expect(supervisor.status('service').alarms).toMatchObject([
      { alarm: 'waiting-for', reason: 'waits for db; dependency "db" is stopped', clearedBy: 'a start of "db"' },
    ]);
    expect(pidOf(supervisor, 'agent')).toBe(agent);
    await supervisor.send('agent', { type: 'server.stop' });
    expect(await errorOf(supervisor.send('agent', { type: 'server.start' }))).toMatchObject(refused);
    expect(await errorOf(supervisor.callTool('service', 'pid'))).toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { state: 'idle', nextRetryAt: null, reason: expect.stringContaining('dependency "db" is stopped') },
    });
    expect(await supervisor.ready()).toMatchObject({
      settled: true,
      notReady: [{ name: 'agent' }, { name: 'service' }],
    });

    const up = Promise.all([
      untilState(supervisor, 'service', 'connected'),
      untilState(supervisor, 'agent', 'connected'),
    ]);
    await supervisor.send('db', { type: 'server.start' });
    await up;
    expect(supervisor.status().counts.connected).toBe(3);
  });

  it('joins the wait if the dependency is on its way', async () => {
    const stage = openStage();
    const supervisor = await stage.open(threeLevels(stage));
    expect(await supervisor.send('agent', { type: 'server.start' })).toMatchObject({ outcome: 'done' });
    expect(supervisor.status().counts.connected).toBe(3);
    await supervisor.send('service', { type: 'server.stop' });
    const [agent, service] = [
      supervisor.send('agent', { type: 'server.start' }),
      supervisor.send('service', { type: 'server.start' }),
    ];
    expect(await agent).toMatchObject({ outcome: 'done' });
    expect(await service).toMatchObject({ outcome: 'done' });
  });

  it('that has failed for good is settled: ready() does not wait, and says who does', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ ...threeLevels(stage), db: stage.program('exits-at-once', {}, ['78']) });
    const { settled, notReady } = await supervisor.ready();
    expect(settled).toBe(true);
    expect(notReady.map(({ name, state, substate }) => [name, state, substate])).toEqual([
      ['agent', 'idle', 'waiting'],
      ['service', 'idle', 'waiting'],
      ['db', 'failed', null],
    ]);
    expect(notReady[0]?.alarms).toMatchObject([
      { alarm: 'waiting-for', reason: 'waits for service; dependency "db" is failed' },
    ]);
    expect(await errorOf(supervisor.ensureConnected(['agent']))).toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { server: 'agent', reason: 'waits for service; dependency "db" is failed' },
    });
    expect(await errorOf(supervisor.send('agent', { type: 'server.start' }))).toMatchObject({
      code: 'COMMAND_REJECTED',
      details: { reason: 'dependency "db" is failed' },
    });
  });

  it('that has finished its work is refused, too', async () => {
    const stage = openStage();
    const supervisor = await openReady(stage, {
      db: stage.program('speak', { restart: { kind: 'transient' } }),
      service: stage.program('speak', { dependsOn: ['db'] }),
    });
    const finished = untilState(supervisor, 'db', 'idle');
    await supervisor.callTool('db', 'exit', { code: 0 }).catch(() => null);
    await finished;
    await supervisor.send('service', { type: 'server.stop' });
    expect(await errorOf(supervisor.send('service', { type: 'server.start' }))).toMatchObject({
      details: { reason: 'dependency "db" is finished' },
    });
  });
});

describe('a plan', () => {
  it('that removes or disables what others need is refused, and names them', async () => {
    const stage = openStage();
    const servers = threeLevels(stage);
    const supervisor = await openReady(stage, servers);
    const pids = levels.map((server) => pidOf(supervisor, server));
    const { db, ...rest } = servers;
    for (const remove of [() => supervisor.remove('db'), () => supervisor.apply({ mcpServers: rest })]) {
      expect(await errorOf(remove())).toMatchObject({
        code: 'CONFIG_INVALID',
        details: {
          problems: [{ path: 'mcpServers.service.dependsOn[0]', message: 'names "db", which would be removed' }],
        },
        message: expect.stringContaining('service needs it: keep db, or take it out of dependsOn'),
      });
    }
    expect(await errorOf(supervisor.replace('db', { ...db, enabled: false }))).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { problems: [{ path: 'mcpServers.service.dependsOn[0]', message: 'names "db", which is disabled' }] },
    });
    expect(levels.map((server) => pidOf(supervisor, server))).toEqual(pids);
    await supervisor.remove('agent');
    await supervisor.remove('service');
    await supervisor.remove('db');
    expect((await supervisor.apply({ mcpServers: {} })).stop).toEqual([]);
  });

  it('with a circle or an unknown name is refused', async () => {
    const stage = openStage();
    const servers = threeLevels(stage);
    const supervisor = await openReady(stage, servers);
    const circle = await errorOf(supervisor.replace('db', stage.program('speak', { dependsOn: ['agent'] })));
    expect(circle).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('agent → service → db → agent'),
    });
    const unknown = await errorOf(supervisor.add('web', stage.program('speak', { dependsOn: ['servic'] })));
    expect(unknown).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('did you mean service?'),
    });
    expect(supervisor.status().counts.connected).toBe(3);
  });

  it('that gives a running server another dependency restarts nothing; one that takes it away lets a waiting one start', async () => {
    const stage = openStage();
    const { program } = stage;
    const supervisor = await openReady(stage, { a: program('speak'), gone: program('exits-at-once', {}, ['78']) });
    const a = pidOf(supervisor, 'a');
    expect((await supervisor.replace('a', program('speak', { dependsOn: ['gone'] }))).change).toEqual(['a']);
    expect(pidOf(supervisor, 'a')).toBe(a);
    expect(supervisor.status('a').alarms).toMatchObject([{ alarm: 'dependency-down', reason: 'not connected: gone' }]);
    const waits = untilState(supervisor, 'a', 'backoff.waiting');
    await kill(supervisor, 'a');
    await waits;
    await supervisor.replace('a', program('speak'));
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', alarms: [] });
  });

  it('that moves servers to another group keeps the wish of each', async () => {
    const stage = openStage();
    const { program } = stage;
    const supervisor = await openReady(stage, {
      db: program('speak'),
      stopped: program('speak'),
      service: program('speak', { dependsOn: ['db'] }),
    });
    const service = pidOf(supervisor, 'service');
    await supervisor.send('stopped', { type: 'server.stop' });
    const moved = ['db', 'stopped'].map((server) =>
      untilFact(supervisor, 'server.added', ({ actor, group }) => actor === `server:${server}` && group === 'web'),
    );
    const up = untilState(supervisor, 'db', 'connected');
    await supervisor.replace('db', program('speak', { group: 'web' }));
    await supervisor.replace('stopped', program('speak', { group: 'web' }));
    await Promise.all([...moved, up]);
    expect(supervisor.status('stopped')).toMatchObject({
      state: 'idle',
      substate: null,
      wanted: 'down',
      group: 'web',
      pid: null,
    });
    expect(supervisor.status('db')).toMatchObject({ state: 'connected', wanted: 'up', group: 'web', generation: 2 });
    expect(pidOf(supervisor, 'service')).toBe(service);
    expect(supervisor.status('service').alarms).toEqual([]);
    const raised = (await factsSoFar(supervisor)).filter(
      ({ type, actor }) => type === 'alarm.raised' && actor === 'server:service',
    );
    expect(raised.at(-1)).toMatchObject({ alarm: 'dependency-down' });
  });
});
