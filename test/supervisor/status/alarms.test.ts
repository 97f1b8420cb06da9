import { describe, expect, it } from 'vitest';
import type { Fact, Supervisor } from '../../../src/index.ts';
import { jsonOnly, reply, serve } from '../../session/remote/web.ts';
import { kill } from '../../support/lives.ts';
import { createSkippingClock } from '../../support/skipping-clock.ts';
import { factsSoFar, openStage, untilFact, untilState } from '../../support/supervised.ts';

const hourMs = 3_600_000;

/** `raised NAME ACTOR` and `cleared NAME ACTOR`, in their order. */
async function alarmsTold(supervisor: Supervisor): Promise<readonly string[]> {
  const toLine = (fact: Fact) =>
    fact.type === 'alarm.raised' || fact.type === 'alarm.cleared'
      ? [`${fact.type.slice('alarm.'.length)} ${fact.alarm} ${fact.actor}`]
      : [];
  return (await factsSoFar(supervisor)).flatMap(toLine);
}

describe('a server that fails again and again', () => {
  it('raises the alarm flapping, which is over when an hour has passed with fewer failures', async () => {
    const stage = openStage();
    const clock = createSkippingClock();
    const supervisor = await stage.open(
      { a: stage.program('speak', { restart: { baseMs: 40, capMs: 40, flappingPerHour: 2 } }) },
      {},
      { clock },
    );
    await supervisor.ready();
    const raised = untilFact(supervisor, 'alarm.raised');
    await kill(supervisor, 'a');
    await supervisor.ready();
    expect(supervisor.status().alarms).toEqual([]);
    clock.skip(hourMs / 2);
    await kill(supervisor, 'a');
    await supervisor.ready();
    const { at } = await raised;
    const flapping = {
      alarm: 'flapping',
      since: at,
      reason: 'failed 2 times within an hour',
      clearedBy: 'an hour with fewer failures, server.start, server.restart or server.reset',
    };
    expect(supervisor.status('a').alarms).toEqual([flapping]);
    expect(supervisor.status().alarms).toEqual([{ actor: 'server:a', ...flapping }]);
    // The first of the two failures is an hour old then.
    const cleared = untilFact(supervisor, 'alarm.cleared');
    clock.skip(hourMs / 2);
    expect(await cleared).toMatchObject({ actor: 'server:a', alarm: 'flapping' });
    expect(supervisor.status()).toMatchObject({ alarms: [], counts: { connected: 1 } });
    expect(await alarmsTold(supervisor)).toEqual(['raised flapping server:a', 'cleared flapping server:a']);
  });

  it('is seen as such from a plan on that expects fewer failures', async () => {
    const stage = openStage();
    const entry = (flappingPerHour: number) =>
      stage.program('speak', { restart: { baseMs: 60_000, capMs: 60_000, flappingPerHour } });
    const supervisor = await stage.open({ a: entry(2) });
    await supervisor.ready();
    const waits = untilState(supervisor, 'a', 'backoff');
    await kill(supervisor, 'a');
    await waits;
    await supervisor.replace('a', entry(1));
    expect(await alarmsTold(supervisor)).toEqual(['raised flapping server:a']);
    await supervisor.replace('a', entry(2));
    expect(await alarmsTold(supervisor)).toEqual(['raised flapping server:a', 'cleared flapping server:a']);
  });

  it('is forgiven by a person, who is told so at once', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('speak', { restart: { baseMs: 40, capMs: 40, flappingPerHour: 1 } }),
    });
    await supervisor.ready();
    await kill(supervisor, 'a');
    await supervisor.ready();
    expect(supervisor.status('a').alarms).toMatchObject([{ alarm: 'flapping' }]);
    await supervisor.send('a', { type: 'server.reset' });
    expect(await alarmsTold(supervisor)).toEqual(['raised flapping server:a', 'cleared flapping server:a']);
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', alarms: [] });
  });
});

describe('a server that cannot be reached', () => {
  const restart = { baseMs: 10, capMs: 20 };

  it('raises the alarm unreachable at the eighth time in a row, which is over when a connection has lasted', async () => {
    const clock = createSkippingClock();
    let isDown = true;
    const web = await serve(jsonOnly((_rpc, response) => isDown && reply(response, 503)));
    const supervisor = await openStage().open(
      { far: { url: `${web.origin}/mcp`, restart, heartbeat: false } },
      {},
      { clock },
    );
    await untilFact(supervisor, 'alarm.raised', undefined, { since: 0 });
    expect(supervisor.status().alarms).toMatchObject([
      { actor: 'server:far', alarm: 'unreachable', clearedBy: 'a connection that lasts 60000 ms, or server.reset' },
    ]);
    const connected = untilState(supervisor, 'far', 'connected');
    isDown = false;
    await connected;
    expect(supervisor.status('far').alarms).toMatchObject([{ alarm: 'unreachable' }]);
    const cleared = untilFact(supervisor, 'alarm.cleared');
    clock.skip(60_000);
    await cleared;
    expect(await alarmsTold(supervisor)).toEqual(['raised unreachable server:far', 'cleared unreachable server:far']);
    expect(supervisor.status().alarms).toEqual([]);
  });

  it('is no alarm any more when a person has stopped it', async () => {
    const web = await serve(jsonOnly((_rpc, response) => reply(response, 503)));
    const supervisor = await openStage().open({ far: { url: `${web.origin}/mcp`, restart } });
    await untilFact(supervisor, 'alarm.raised', undefined, { since: 0 });
    await supervisor.send('far', { type: 'server.stop' });
    expect(await alarmsTold(supervisor)).toEqual(['raised unreachable server:far', 'cleared unreachable server:far']);
  });
});

describe('a server whose end is not seen after SIGKILL', () => {
  it('raises the alarm stuck, until it is', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('outlives-its-death', { stop: { closeMs: 0, terminateMs: 300, killMs: 0 } }),
    });
    await supervisor.ready();
    const { pid } = supervisor.status('a');
    const raised = untilFact(supervisor, 'alarm.raised');
    await supervisor.send('a', { type: 'server.stop' });
    expect(await raised).toMatchObject({
      actor: 'server:a',
      alarm: 'stuck',
      reason: `process group ${pid} survives SIGKILL`,
    });
    expect(await alarmsTold(supervisor)).toEqual(['raised stuck server:a', 'cleared stuck server:a']);
    expect(supervisor.status()).toMatchObject({ alarms: [], counts: { idle: 1 } });
  });
});

describe('the list of alarms', () => {
  it('holds those of servers and groups side by side, and empties with them', async () => {
    const stage = openStage();
    const { program } = stage;
    const supervisor = await stage.open(
      {
        db: program('speak', { restart: { baseMs: 60_000, capMs: 60_000, flappingPerHour: 1 } }),
        app: program('speak', { dependsOn: ['db'] }),
        a: program('speak', { group: 'web' }),
        b: program('speak', { group: 'web' }),
      },
      { groups: { web: { strategy: 'one-for-all', intensity: 1 } } },
    );
    await supervisor.ready();
    await supervisor.send('app', { type: 'server.restart' });
    await kill(supervisor, 'a');
    await supervisor.ready();
    await kill(supervisor, 'a');
    await kill(supervisor, 'db');
    const waits = untilState(supervisor, 'app', 'backoff.waiting');
    await kill(supervisor, 'app');
    await waits;
    const list = supervisor.status().alarms;
    expect(list.map(({ actor, alarm }) => `${alarm} ${actor}`)).toEqual([
      'group-intensity group:web',
      'flapping server:db',
      'waiting-for server:app',
    ]);
    expect(list[0]?.clearedBy).toContain('group.reset');
    for (const { since, reason, clearedBy } of list) {
      expect(since).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect([reason, clearedBy]).not.toContain('');
    }
    await supervisor.apply({ mcpServers: {} });
    await Promise.all(
      ['db', 'app', 'a', 'b'].map((server) =>
        untilFact(supervisor, 'server.removed', ({ actor }) => actor === `server:${server}`, { since: 0 }),
      ),
    );
    expect(supervisor.status()).toMatchObject({ substate: 'settled', alarms: [] });
    const told = await alarmsTold(supervisor);
    for (const line of told.filter((line) => line.startsWith('raised')))
      expect(told).toContain(line.replace('raised', 'cleared'));
  });
});
