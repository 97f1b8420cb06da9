import { describe, expect, it } from 'vitest';
import type { GroupContext } from '../../../machines/group/events.ts';
import { heldBy } from '../../../machines/members.ts';
import { charts, policyOf } from '../../support/charts/chart.ts';
import { plantTrees } from '../tree/planted.ts';
import { settled, startTree, type Tree } from '../tree/tree.ts';

const trees = plantTrees();

const namesTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, index) => `s${index + from}`);
const childrenOf = (one: Tree, group: string) =>
  Object.keys((one.group(group).getSnapshot() as { children: object }).children);
/** How many actors the group itself holds, and how many servers each part of it. */
const contextOf = (one: Tree, group: string) => {
  const { members, parts } = (one.group(group).getSnapshot() as { context: GroupContext }).context;
  const held = (id: string) => heldBy(members, id).length;
  return {
    children: held(`group:${group}`) + parts.length,
    parts: Object.fromEntries(parts.map((id) => [id.slice('group:'.length), held(id)])),
  };
};
const removed = (one: Tree) => one.emitted.flatMap(({ type, server }) => (type === 'server.removed' ? [server] : []));

/** A group of so many servers, s1, s2 …, which rest. */
async function bigGroup(count: number): Promise<Tree> {
  const one = await startTree({ slots: 99 });
  trees.push(one);
  one.add(namesTo(count), 'big', { lazy: true });
  return one;
}

/** A server of the group that runs. */
function connect(one: Tree, name: string): void {
  one.server(name).send({ type: 'server.start', commandId: name, at: 1, random: 0.5 });
  one.connect(name);
  expect(one.serverState(name)).toBe('connected.quiet');
}

describe('a group with more servers than one actor holds well', () => {
  it('holds 128 itself, and lets parts hold the rest', async () => {
    const one = await bigGroup(130);
    expect(childrenOf(one, 'big')).toEqual([...namesTo(128).map((name) => `server:${name}`), 'group:big/1']);
    expect(childrenOf(one, 'big/1')).toEqual(['server:s129', 'server:s130']);
    expect(contextOf(one, 'big')).toMatchObject({ children: 129, parts: { 'big/1': 2 } });
  });

  it('needs no part for 128', async () => {
    const one = await bigGroup(128);
    expect(contextOf(one, 'big')).toMatchObject({ children: 128, parts: {} });
  });

  it('fills a part before it makes the next', async () => {
    const one = await bigGroup(256);
    expect(contextOf(one, 'big').parts).toEqual({ 'big/1': 128 });
    one.add(['s257', 's258'], 'big', { lazy: true });
    expect(contextOf(one, 'big')).toMatchObject({ children: 130, parts: { 'big/1': 128, 'big/2': 2 } });
    one.remove('s200', 'big');
    one.add(['s259'], 'big', { lazy: true });
    expect(contextOf(one, 'big').parts).toEqual({ 'big/1': 128, 'big/2': 2 });
    expect(childrenOf(one, 'big/1')).toContain('server:s259');
  });

  it('reports a removal from a part as its own, once, and frees the place', async () => {
    const one = await bigGroup(130);
    connect(one, 's130');
    one.remove('s130', 'big');
    expect(one.serverState('s130')).toBe('stopping.closing');
    one.news('s130', 'session.ended');
    expect([one.serverState('s130'), removed(one)]).toEqual([null, ['s130']]);
    expect(contextOf(one, 'big')).toMatchObject({ children: 129, parts: { 'big/1': 1 } });
    one.add(['s131'], 'big', { lazy: true });
    expect([childrenOf(one, 'big/1'), contextOf(one, 'big').parts]).toEqual([
      ['server:s129', 'server:s131'],
      { 'big/1': 2 },
    ]);
  });

  it('ends with its last server, which may be in a part', async () => {
    const one = await bigGroup(129);
    for (const name of namesTo(128)) one.remove(name, 'big');
    expect(contextOf(one, 'big')).toEqual({ children: 1, parts: { 'big/1': 1 } });
    one.remove('s129', 'big');
    expect([one.group('big'), one.group('big/1'), one.context().groups]).toEqual([undefined, undefined, []]);
  });

  it('gives the slot of one in a part whose actor dies to the next', async () => {
    const one = await startTree({ slots: 1 });
    trees.push(one);
    one.add(namesTo(128), 'big', { lazy: true });
    one.add(['s129'], 'big');
    one.add(['next'], 'other');
    expect([one.serverState('s129'), one.serverState('next')]).toEqual(['starting.spawning', 'idle.queued']);
    one.break('s129');
    expect(one.serverState('next')).toBe('starting.spawning');
  });

  it('takes a new one itself when it has room', async () => {
    const one = await bigGroup(130);
    one.remove('s1', 'big');
    one.add(['s131'], 'big', { lazy: true });
    expect(childrenOf(one, 'big')).toContain('server:s131');
    expect(contextOf(one, 'big')).toMatchObject({ children: 129, parts: { 'big/1': 2 } });
  });

  it('cancels the removal of one in a part that is added again', async () => {
    const one = await bigGroup(130);
    connect(one, 's130');
    const actor = one.server('s130');
    one.remove('s130', 'big');
    one.add(['s130'], 'big', { idleStopMs: 7 });
    expect(one.serverContext('s130')).toMatchObject({ removing: false, policy: { idleStopMs: 7 } });
    expect(one.server('s130')).toBe(actor);
    expect(contextOf(one, 'big').parts).toEqual({ 'big/1': 2 });
  });

  it('moves a server from a part to another group', async () => {
    const one = await bigGroup(130);
    connect(one, 's130');
    one.plan({
      remove: [{ group: 'big', server: 's130' }],
      add: [{ group: 'new', server: { name: 's130', policy: policyOf(), wanted: 'up' } }],
    });
    expect(one.serverState('s130')).toBe('stopping.closing');
    one.news('s130', 'session.ended');
    expect(childrenOf(one, 'new')).toEqual(['server:s130']);
    expect(contextOf(one, 'big').parts).toEqual({ 'big/1': 1 });
  });

  it('gives one in a part whose actor dies a successor in the same part', async () => {
    const one = await bigGroup(129);
    connect(one, 's129');
    one.break('s129');
    await settled();
    one.reapers.get('s129')?.open();
    await settled();
    expect(childrenOf(one, 'big/1')).toEqual(['server:s129']);
    expect(contextOf(one, 'big')).toMatchObject({ children: 129, parts: { 'big/1': 1 } });
  });

  it('gives one in a part no successor that is removed while it is reaped', async () => {
    const one = await bigGroup(129);
    connect(one, 's129');
    one.break('s129');
    await settled();
    one.remove('s129', 'big');
    one.reapers.get('s129')?.open();
    await settled();
    expect([one.serverState('s129'), removed(one), contextOf(one, 'big').parts]).toEqual([null, ['s129'], {}]);
  });

  it('lets a part end with its last server, and opens it again for the next', async () => {
    const one = await bigGroup(257);
    for (const name of namesTo(256, 129)) one.remove(name, 'big');
    expect([one.group('big/1'), contextOf(one, 'big').parts]).toEqual([undefined, { 'big/2': 1 }]);
    one.add(['s300'], 'big', { lazy: true });
    expect(childrenOf(one, 'big/2')).toEqual(['server:s257', 'server:s300']);
    for (const name of ['s257', 's300']) one.remove(name, 'big');
    expect(contextOf(one, 'big')).toEqual({ children: 128, parts: {} });
    one.add(['s301'], 'big', { lazy: true });
    expect(childrenOf(one, 'big/1')).toEqual(['server:s301']);
  });

  it('wakes those in parts when the machine was suspended', async () => {
    const one = await bigGroup(130);
    connect(one, 's1');
    connect(one, 's130');
    one.send({ type: 'machine.resumed', random: 0.9 });
    const waits = ['s1', 's130'].map((name) => one.serverContext(name).quietMs);
    expect(waits[0], 'each after a time of its own').toBe(13_500);
    expect(new Set([...waits, 7_500]).size).toBe(3);
  });

  it('ends those in parts at the end', async () => {
    const one = await bigGroup(130);
    connect(one, 's130');
    one.send({ type: 'supervisor.shutdown' });
    for (let turns = 0; turns < 40; turns += 1) await settled();
    expect([one.state(), one.serverState('s130')]).toEqual(['shutting-down.ending', 'stopping.closing']);
    expect(childrenOf(one, 'big')).toEqual(['group:big/1']);
    expect(childrenOf(one, 'big/1'), 'the one that rested has gone').toEqual(['server:s130']);
    one.news('s130', 'session.ended');
    expect([one.state(), contextOf(one, 'big').parts]).toEqual(['closed', {}]);
  });

  it('spares one in a part at the end for as long as a dependent of it runs', async () => {
    const one = await bigGroup(130);
    one.add(['s130'], 'big', { lazy: true, related: true });
    one.add(['x'], 'other', { related: true });
    one.plan({ dependencies: { x: ['s130'] } });
    for (const name of ['s129', 's130', 'x']) connect(one, name);
    one.send({ type: 'supervisor.shutdown' });
    for (let turns = 0; turns < 40; turns += 1) await settled();
    expect(['s129', 's130', 'x'].map((name) => one.serverState(name))).toEqual([
      'stopping.closing',
      'connected.quiet',
      'stopping.closing',
    ]);
    one.news('x', 'session.ended');
    expect(one.serverState('s130')).toBe('stopping.closing');
  });
});

describe('a part that dies', () => {
  const breaks = (one: Tree) => one.group('big/1').send({ type: 'group.add', servers: null });
  const reap = async (one: Tree) => {
    for (const reaper of one.reapers.values()) reaper.open();
    await settled();
  };

  it('is reported as a bug of its group, takes no other server down, and its servers end', async () => {
    const one = await bigGroup(130);
    connect(one, 's1');
    connect(one, 's130');
    const orphan = one.server('s130');
    breaks(one);
    await settled();
    expect(one.emitted.at(-1)).toEqual({
      type: 'group.died',
      group: 'big',
      message: expect.stringMatching(/^\S+ is not iterable/) as string,
      servers: ['s129', 's130'],
    });
    expect(one.serverState('s1')).toBe('connected.quiet');
    expect(orphan.getSnapshot().value).toEqual({ stopping: 'closing' });
    expect(contextOf(one, 'big'), 'the group takes them over').toEqual({ children: 130, parts: {} });
    expect(one.state()).toBe('running.settled');
  });

  it('gives its servers back to another part, each when nothing of its processes is left', async () => {
    const one = await bigGroup(130);
    one.server('s130').send({ type: 'server.stop', commandId: 'stop', at: 1, random: 0.5 });
    breaks(one);
    await settled();
    expect(['s129', 's130'].map((name) => one.serverState(name))).toEqual([null, null]);
    one.reapers.get('s130')?.open();
    await settled();
    expect(['s129', 's130'].map((name) => one.serverState(name))).toEqual([null, 'idle.resting']);
    expect(one.serverContext('s130').wanted, 'the wish of a person survives').toBe('down');
    await reap(one);
    expect(childrenOf(one, 'big/1')).toEqual(['server:s130', 'server:s129']);
    expect(contextOf(one, 'big')).toEqual({ children: 129, parts: { 'big/1': 2 } });
  });

  it('is reported to the dependents of its servers, which wait until they are reaped', async () => {
    const one = await bigGroup(128);
    one.add(['s129'], 'big', { related: true });
    one.add(['x'], 'other', { related: true, dependsOn: ['s129'] });
    one.plan({ dependencies: { x: ['s129'] } });
    one.connect('s129');
    one.connect('x');
    breaks(one);
    await settled();
    expect(one.serverContext('x').waitingFor).toEqual(['s129']);
    expect(one.context().members.s129?.standing?.phase).toBe('ending');
    await reap(one);
    one.connect('s129');
    expect(one.serverContext('x').waitingFor).toEqual([]);
  });

  it('frees the start slot of a server that dies of being told to end, and so tells nobody', async () => {
    const one = await startTree({ slots: 1, buggyServer: charts.server.provide({ actions: { shutDown: buggy } }) });
    trees.push(one);
    one.add(namesTo(128), 'big', { lazy: true });
    one.add(['s129'], 'big');
    one.add(['x'], 'other');
    expect([one.serverState('s129'), one.serverState('x')]).toEqual(['starting.spawning', 'idle.queued']);
    breaks(one);
    await settled();
    expect([one.serverState('s129'), one.serverState('x')]).toEqual([null, 'starting.spawning']);
  });

  it('three times in a minute has its servers in failed, held by the group itself', async () => {
    const one = await bigGroup(129);
    for (let death = 1; death <= 3; death += 1) {
      expect(one.serverState('s129')).toBe('idle.resting');
      breaks(one);
      await settled();
      await reap(one);
    }
    expect([one.serverState('s129'), one.serverContext('s129').lastFailure?.class]).toEqual(['failed', 'internal']);
    expect(contextOf(one, 'big')).toEqual({ children: 129, parts: {} });
    connect(one, 's129');
  });

  it('on each start keeps no server waiting, and ends with its servers in failed', async () => {
    const one = await startTree({ slots: 99, buggyPart: charts.group.provide({ actions: { add: buggy } }) });
    trees.push(one);
    one.add(namesTo(129), 'big', { lazy: true });
    for (let death = 1; death <= 3; death += 1) {
      await settled();
      await reap(one);
    }
    expect(one.reapers.size).toBe(0);
    expect(one.serverState('s129')).toBe('failed');
    expect(one.emitted.filter(({ type }) => type === 'group.died')).toHaveLength(3);
  });

  it('leaves a server of its own that is being reaped to the group', async () => {
    const one = await bigGroup(130);
    connect(one, 's130');
    one.break('s130');
    await settled();
    breaks(one);
    await settled();
    await reap(one);
    expect(one.serverState('s130')).toBe('idle.resting');
    expect(contextOf(one, 'big').parts).toEqual({ 'big/1': 2 });
  });

  it('is waited for at the end until its servers are reaped', async () => {
    const one = await bigGroup(129);
    breaks(one);
    await settled();
    one.send({ type: 'supervisor.shutdown' });
    for (let turns = 0; turns < 40; turns += 1) await settled();
    expect(one.state()).toBe('shutting-down.ending');
    await reap(one);
    expect([one.state(), one.serverState('s129')]).toEqual(['closed', null]);
  });

  it('gives no server a successor at shutdown', async () => {
    const one = await bigGroup(129);
    connect(one, 's129');
    one.send({ type: 'supervisor.shutdown' });
    for (let turns = 0; turns < 40; turns += 1) await settled();
    one.group('big/1').send({ type: 'xstate.done.actor.reaper:x', actorId: null });
    await settled();
    await reap(one);
    expect([one.state(), one.serverState('s129')]).toEqual(['closed', null]);
  });

  it('has a successor for the next servers', async () => {
    const one = await bigGroup(129);
    breaks(one);
    await settled();
    one.add(['s130'], 'big', { lazy: true });
    expect([one.serverState('s129'), one.serverState('s130')]).toEqual([null, 'idle.resting']);
    await reap(one);
    expect(Object.values(contextOf(one, 'big').parts)).toEqual([2]);
  });

  it('takes its servers along when the whole group dies', async () => {
    const one = await bigGroup(129);
    connect(one, 's129');
    const orphan = one.server('s129');
    one.group('big').send({ type: 'group.add', servers: null });
    await settled();
    expect(orphan.getSnapshot().value).toEqual({ stopping: 'closing' });
    await reap(one);
    expect([one.serverState('s1'), one.serverState('s129')]).toEqual(['idle.resting', 'idle.resting']);
    expect(contextOf(one, 'big')).toEqual({ children: 129, parts: { 'big/1': 1 } });
  });
});

function buggy(): void {
  throw new Error('a bug');
}
