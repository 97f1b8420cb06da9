import { describe, expect, it } from 'vitest';
import type { Supervisor } from '../../src/index.ts';
import { openSupervisor } from '../../src/supervisor/supervisor.ts';
import { hostInMemory, insideEntries } from '../support/in-memory.ts';
import { errorOf, factsSoFar, openStage, untilFact, untilState } from '../support/supervised.ts';

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const { transports } = hostInMemory({});

async function openWeb(): Promise<Supervisor> {
  const servers = { ...insideEntries(['a', 'b'], { group: 'web' }), ...insideEntries(['c']) };
  const supervisor = await openStage().open(servers, {}, { transports });
  await supervisor.ready();
  return supervisor;
}

function parentsOf(supervisor: Supervisor) {
  return Object.fromEntries(supervisor.actors().map(({ id, parent }) => [id, parent]));
}

describe('the tree of actors', () => {
  it('names every actor once, with who holds it, where it stands and since when', async () => {
    const supervisor = await openWeb();
    expect(parentsOf(supervisor)).toEqual({
      supervisor: null,
      'group:web': 'supervisor',
      'server:a': 'group:web',
      'server:b': 'group:web',
      'group:default': 'supervisor',
      'server:c': 'group:default',
    });
    const nodes = supervisor.actors();
    expect(nodes[0]).toMatchObject({
      id: 'supervisor',
      state: 'running',
      substate: 'settled',
      children: ['group:web', 'group:default'],
    });
    expect(nodes[1]).toMatchObject({
      state: 'running',
      substate: 'steady',
      value: { running: 'steady' },
      children: ['server:a', 'server:b'],
    });
    expect(nodes[2]).toEqual({
      id: 'server:a',
      parent: 'group:web',
      state: 'connected',
      substate: 'quiet',
      value: { connected: 'quiet' },
      since: expect.stringMatching(isoTime),
      children: [],
    });
    expect(JSON.parse(JSON.stringify(nodes))).toEqual(nodes);
  });

  it('shows the parts of a large group', async () => {
    const names = Array.from({ length: 130 }, (_, index) => `s${index}`);
    const supervisor = await openStage().open(insideEntries(names, { lazy: true }), {}, { transports });
    expect(parentsOf(supervisor)).toMatchObject({
      'server:s0': 'group:default',
      'group:default/1': 'group:default',
      'server:s129': 'group:default/1',
    });
    expect(supervisor.actors()).toHaveLength(133);
    expect(supervisor.snapshotOf('group:default/1').allowed).toEqual([]);
  });

  it('loses a group with its last server, as it does `default`, and has it again with the next', async () => {
    const supervisor = await openWeb();
    const groups = () => supervisor.actors().flatMap(({ id, parent }) => (parent === 'supervisor' ? [id] : []));
    const removed = (group: string) =>
      untilFact(supervisor, 'group.removed', ({ actor }) => actor === `group:${group}`, { since: 0 });
    await supervisor.remove('a');
    await supervisor.replace('b', { ...insideEntries(['b']).b, group: 'db' });
    await removed('web');
    expect(groups()).toEqual(['group:default', 'group:db']);
    await supervisor.remove('c');
    await removed('default');
    expect(groups()).toEqual(['group:db']);
    expect(await errorOf((async () => supervisor.snapshotOf('group:web'))())).toMatchObject({
      code: 'ACTOR_NOT_FOUND',
    });
    await supervisor.add('d', { ...insideEntries(['d']).d, group: 'web' });
    await supervisor.ready();
    expect(groups()).toEqual(['group:db', 'group:web']);
    expect(supervisor.status().servers.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'b connected',
      'd connected',
    ]);
  });

  it('is still there when everything has ended', async () => {
    const supervisor = await openWeb();
    await supervisor.close();
    expect(supervisor.actors()[0]).toMatchObject({ id: 'supervisor', state: 'closed', substate: null });
    expect(supervisor.snapshotOf('supervisor').allowed).toEqual([]);
  });
});

describe('the snapshot of an actor', () => {
  it('is that of any id, in plain JSON, with what a person may send it', async () => {
    const supervisor = await openWeb();
    const snapshots = ['supervisor', 'group:web', 'server:a'].map((id) => supervisor.snapshotOf(id));
    expect(snapshots.map(({ actor, allowed }) => [actor, allowed])).toEqual([
      ['supervisor', ['supervisor.shutdown']],
      ['group:web', ['group.reset', 'server.start', 'server.stop', 'server.restart', 'server.reset']],
      ['server:a', ['server.start', 'server.stop', 'server.restart', 'server.reset']],
    ]);
    expect(snapshots[1]).toMatchObject({
      value: { running: 'steady' },
      context: { name: 'web', members: { a: { holder: 'group:web' } }, rounds: [] },
      timers: [],
    });
    expect(snapshots[2]).toEqual(supervisor.snapshot('a'));
    for (const snapshot of snapshots) expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });

  it.each(['server:d', 'group:nobody', 'client-process', 'a', '', 'reaper:a'])(
    'is nobody’s for the id "%s"',
    async (id) => {
      const supervisor = await openWeb();
      expect(() => supervisor.snapshotOf(id)).toThrow(
        expect.objectContaining({ code: 'ACTOR_NOT_FOUND', details: { actor: id } }),
      );
      expect(() => supervisor.postTo(id, { type: 'server.stop' })).toThrow(
        expect.objectContaining({ code: 'ACTOR_NOT_FOUND' }),
      );
    },
  );
});

describe('an event to an actor', () => {
  it('is a command for a server', async () => {
    const supervisor = await openWeb();
    const posted = supervisor.postTo('server:a', { type: 'server.stop', by: 'a test' });
    expect(posted.to === 'actor' && (await posted.settled)).toMatchObject({ outcome: 'done' });
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', wanted: 'down' });
  });

  it('is a command for each member of a group', async () => {
    const supervisor = await openWeb();
    const posted = supervisor.postTo('group:web', { type: 'server.stop' });
    const outcomes =
      posted.to === 'members'
        ? posted.commands.map((one) => ('settled' in one ? one.settled : Promise.reject(one.error)))
        : [];
    expect(await Promise.all(outcomes)).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }]);
    expect(supervisor.status().servers.map(({ state }) => state)).toEqual(['idle', 'idle', 'connected']);
  });

  it('forgives a group its rounds, and is told with who asked', async () => {
    const restart = { baseMs: 20, capMs: 40, maxConsecutive: 0, intensity: 0 };
    const { transports: inMemory, closeOf } = hostInMemory({});
    const groups = { web: { strategy: 'one-for-all', intensity: 1, periodMs: 600_000 } };
    const supervisor = await openStage().open(
      insideEntries(['a', 'b'], { group: 'web', restart }),
      { groups },
      { transports: inMemory },
    );
    await supervisor.ready();
    const loseOne = async () => {
      const down = untilState(supervisor, 'a', 'backoff');
      const back = untilState(supervisor, 'a', 'connected');
      await closeOf('a');
      await Promise.all([down, back]);
      await supervisor.ready();
    };
    await loseOne();
    await loseOne();
    expect(supervisor.snapshotOf('group:web').value).toEqual({ running: { decoupled: 'watching' } });
    expect(supervisor.snapshotOf('group:web').timers).toEqual([
      { name: expect.stringContaining('period'), dueAt: expect.stringMatching(isoTime) },
    ]);
    const posted = supervisor.postTo('group:web', { type: 'group.reset', by: 'a test' });
    expect(posted.to === 'actor' && (await posted.settled)).toMatchObject({ outcome: 'done' });
    expect(supervisor.snapshotOf('group:web')).toMatchObject({ value: { running: 'steady' }, context: { rounds: [] } });
    const facts = await factsSoFar(supervisor);
    const told = facts.filter(
      (fact) => fact.actor === 'group:web' && (fact.type === 'command.accepted' || fact.type === 'command.settled'),
    );
    expect(told).toMatchObject([
      { command: 'group.reset', by: 'a test' },
      { command: 'group.reset', outcome: 'done' },
    ]);
  });

  it('is refused with what is allowed', async () => {
    const supervisor = await openWeb();
    const refusal = (actor: string, type: Parameters<Supervisor['postTo']>[1]['type']) =>
      errorOf((async () => supervisor.postTo(actor, { type }))());
    expect(await refusal('server:a', 'group.reset')).toMatchObject({
      code: 'EVENT_NOT_ALLOWED',
      details: { server: 'a', state: 'connected' },
    });
    expect(await refusal('group:web', 'server.retry')).toMatchObject({
      code: 'EVENT_NOT_ALLOWED',
      message: expect.stringContaining('group.reset'),
      details: { actor: 'group:web', state: 'running', allowed: supervisor.snapshotOf('group:web').allowed },
    });
    expect(await refusal('supervisor', 'server.stop')).toMatchObject({
      details: { actor: 'supervisor', allowed: ['supervisor.shutdown'] },
    });
  });

  it('ends everything, if it is the shutdown of the supervisor', async () => {
    const supervisor = await openWeb();
    const posted = supervisor.postTo('supervisor', { type: 'supervisor.shutdown', by: 'a test' });
    expect(posted.to === 'actor' && (await posted.settled)).toMatchObject({ outcome: 'done' });
    expect(supervisor.status().state).toBe('closed');
    expect(() => supervisor.postTo('supervisor', { type: 'supervisor.shutdown' })).toThrow(
      expect.objectContaining({ code: 'SHUTTING_DOWN' }),
    );
  });

  it('leaves the shutdown to the door that asked for it', async () => {
    let asked = 0;
    const { supervisor } = await openSupervisor({
      env: {},
      onShutdown: () => {
        asked += 1;
      },
    });
    const posted = supervisor.postTo('supervisor', { type: 'supervisor.shutdown' });
    expect([asked, supervisor.status().state]).toEqual([1, 'running']);
    await supervisor.close();
    expect(posted.to === 'actor' && (await posted.settled)).toMatchObject({ outcome: 'done' });
  });
});
