import { describe, expect, it } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import type { Standing } from '../../../machines/server/events.ts';
import { messagesAfter } from '../../../machines/supervisor/relations.ts';
import { exit, policyOf } from '../../support/charts/chart.ts';
import { inputOf, type PlannedServer, relationsIn, stepsFor } from '../tree/plan.ts';
import { plantTrees } from '../tree/planted.ts';
import { settled, startTree, type Tree, type TreeOptions } from '../tree/tree.ts';

const trees = plantTrees();

type Words = Readonly<Record<string, readonly string[] | Partial<PlannedServer>>>;

const serversOf = (words: Words): readonly PlannedServer[] =>
  Object.entries(words).map(([name, word]) => ({
    name,
    group: 'web',
    dependsOn: [],
    ...(areNames(word) ? { dependsOn: word } : word),
  }));
const areNames = (word: Words[string] | undefined): word is readonly string[] => Array.isArray(word);
const fleetOf = (words: Words) => ({ servers: serversOf(words), groups: {} });

/** Servers by name, with their dependencies or more. */
async function fleet(words: Words, options: TreeOptions = {}): Promise<Tree> {
  const one = await startTree({ slots: 99, ...options });
  trees.push(one);
  one.plan(stepsFor(fleetOf(words)));
  return one;
}

/** Tells servers whether they are related to others. */
const relate = (one: Tree, words: Words) => {
  const next = fleetOf(words);
  const configure = next.servers.map((server) => ({
    server: server.name,
    policy: inputOf(server, next).policy,
    changed: false,
    wanted: null,
  }));
  one.plan({ ...relationsIn(next), configure });
};
const at = (one: Tree, ...names: readonly string[]) => names.map((name) => one.serverState(name));
const gone = (one: Tree, name: string) => one.news(name, 'session.ended');
const command = (one: Tree, name: string, kind: string) =>
  one.server(name).send({ type: `server.${kind}`, commandId: kind, at: 1, random: 0.5 });

describe('a server that depends on others', () => {
  it('waits until each is connected, and starts at once then', async () => {
    const one = await fleet({ a: [], b: [], c: ['a', 'b'] });
    expect(one.serverContext('c')).toMatchObject({ waitingFor: ['a', 'b'], blockedBy: null });
    one.connect('a');
    expect(one.serverContext('c').waitingFor).toEqual(['b']);
    one.connect('b');
    expect([at(one, 'c'), one.serverContext('c').waitingFor]).toEqual([['starting.spawning'], []]);
  });

  it('learns when one of them is down for good, and why, and when it is on its way again', async () => {
    const one = await fleet({ a: [], b: ['a'] });
    const blockedBy = () => one.serverContext('b').blockedBy;
    command(one, 'a', 'stop');
    gone(one, 'a');
    expect(blockedBy()).toEqual({ server: 'a', standing: 'stopped' });
    command(one, 'a', 'start');
    expect(blockedBy()).toBeNull();
    one.news('a', 'session.ended', { failure: failure('misconfigured', '') });
    expect(blockedBy()).toEqual({ server: 'a', standing: 'failed' });
    command(one, 'a', 'start');
    one.news('a', 'session.ended', { failure: failure('unauthorized', '') });
    expect(blockedBy()).toEqual({ server: 'a', standing: 'needs-auth' });
    command(one, 'a', 'start');
    one.connect('a');
    expect([blockedBy(), at(one, 'b')]).toEqual([null, ['starting.spawning']]);
  });

  it('is blocked by one that has finished', async () => {
    const one = await fleet({ a: { policy: { restart: { kind: 'transient' } } }, b: ['a'] });
    one.connect('a');
    one.connect('b');
    one.news('a', 'session.ended', { failure: exit(0) });
    expect(one.serverContext('b')).toMatchObject({
      waitingFor: ['a'],
      blockedBy: { server: 'a', standing: 'finished' },
    });
    expect(at(one, 'b'), 'but it works on').toEqual(['connected.quiet']);
  });

  it('is blocked by what blocks its dependency', async () => {
    const one = await fleet({ a: { wanted: 'down' }, b: ['a'], c: ['b'] });
    expect(one.serverContext('c')).toMatchObject({
      waitingFor: ['b'],
      blockedBy: { server: 'a', standing: 'stopped' },
    });
    command(one, 'a', 'start');
    expect(one.serverContext('c').blockedBy).toBeNull();
  });

  it('is not blocked by what blocks a dependency that runs or tries', async () => {
    const one = await fleet({ a: [], b: ['a'], c: ['b'] });
    one.connect('a');
    command(one, 'a', 'stop');
    gone(one, 'a');
    expect(at(one, 'b')).toEqual(['starting.spawning']);
    expect(one.serverContext('c').blockedBy, 'it starts at this moment').toBeNull();
    one.news('b', 'session.ended', { failure: exit(1) });
    expect(one.serverContext('c').blockedBy, 'its delay runs').toBeNull();
    one.clock.advance(1_000);
    expect(at(one, 'b')).toEqual(['backoff.waiting']);
    expect(one.serverContext('c').blockedBy).toEqual({ server: 'a', standing: 'stopped' });
  });

  it('waits for one whose actor is replaced', async () => {
    const one = await fleet({ a: [], b: ['a'] });
    one.connect('a');
    one.connect('b');
    one.break('a');
    await settled();
    expect(one.serverContext('b'), 'it is not there').toMatchObject({ waitingFor: ['a'], blockedBy: null });
    expect(at(one, 'b')).toEqual(['connected.quiet']);
    one.news('b', 'session.ended', { failure: exit(1) });
    expect(one.serverContext('b'), 'it will come').toMatchObject({ waitingFor: ['a'], blockedBy: null });
    one.reapers.get('a')?.open();
    await settled();
    expect(one.serverContext('b')).toMatchObject({ waitingFor: ['a'], blockedBy: null });
  });
});

describe('a server of which one dependency is replaced and another is down for good', () => {
  it('learns which one is down', async () => {
    const one = await fleet({ a: [], y: [], b: ['a', 'y'] });
    for (const name of ['a', 'y', 'b']) one.connect(name);
    command(one, 'y', 'stop');
    gone(one, 'y');
    one.break('a');
    await settled();
    one.news('b', 'session.ended', { failure: exit(1) });
    expect(one.serverContext('b')).toMatchObject({
      waitingFor: ['a', 'y'],
      blockedBy: { server: 'y', standing: 'stopped' },
    });
  });
});

describe('what is known of servers', () => {
  it('decides what to send, whether or not a dependency has reported anything', () => {
    const standing = (changes: Partial<Standing>) =>
      ({ wanted: 'up', waitingFor: [], blockedBy: null, ...changes }) as Standing;
    const known: Readonly<Record<string, Standing>> = {
      b: standing({ phase: 'delaying' }),
      y: standing({ phase: 'resting', wanted: 'down' }),
    };
    const relations = { dependencies: { b: ['a', 'y'] }, dependents: { a: ['b'], y: ['b'] } };
    expect(messagesAfter(['y'], relations, (server) => known[server] ?? null)).toEqual([
      {
        server: 'b',
        event: {
          type: 'dependencies.changed',
          waitingFor: ['a', 'y'],
          blockedBy: { server: 'y', standing: 'stopped' },
        },
      },
    ]);
  });
});

describe('a plan that changes who depends on whom', () => {
  it('reaches servers that begin to depend on it', async () => {
    const one = await fleet({ a: { wanted: 'down' }, b: [] });
    expect(at(one, 'b')).toEqual(['starting.spawning']);
    relate(one, { a: [], b: ['a'] });
    expect(one.serverContext('b')).toMatchObject({
      waitingFor: ['a'],
      blockedBy: { server: 'a', standing: 'stopped' },
    });
  });

  it('reaches servers that depend on it no longer', async () => {
    const one = await fleet({ a: { wanted: 'down' }, b: ['a'] });
    expect(at(one, 'b')).toEqual(['idle.waiting']);
    one.plan(relationsIn(fleetOf({ a: [], b: [] })));
    expect([one.serverContext('b').waitingFor, at(one, 'b')]).toEqual([[], ['starting.spawning']]);
    expect(one.context()).toMatchObject({ dependencies: {}, dependents: {} });
  });

  it('reaches a lazy server that others begin to need, or need no longer', async () => {
    const one = await fleet({ a: { policy: { lazy: true } }, b: [] });
    one.connect('b');
    expect([at(one, 'a'), one.serverContext('a').heldAwake]).toEqual([['idle.resting'], false]);
    relate(one, { a: { policy: { lazy: true } }, b: ['a'] });
    expect([at(one, 'a'), one.serverContext('a').heldAwake]).toEqual([['starting.spawning'], true]);
    one.plan(relationsIn(fleetOf({ a: [], b: [] })));
    expect(one.serverContext('a').heldAwake).toBe(false);
  });

  it('without a word on it leaves it as it is', async () => {
    const one = await fleet({ a: [], b: ['a'] });
    one.plan({});
    expect(one.context()).toMatchObject({ dependencies: { b: ['a'] }, dependents: { a: ['b'] } });
  });
});

describe('a lazy server on which others depend', () => {
  const lazy = { policy: { lazy: true } };

  it('is started by the wish of one of them, and rests when none wishes any more', async () => {
    const one = await fleet({
      a: lazy,
      b: { dependsOn: ['a'], wanted: 'down' },
      c: { dependsOn: ['a'], wanted: 'down' },
    });
    expect([at(one, 'a'), one.serverContext('a').heldAwake]).toEqual([['idle.resting'], false]);
    command(one, 'b', 'start');
    expect([at(one, 'a', 'b'), one.serverContext('a').heldAwake]).toEqual([
      ['starting.spawning', 'idle.waiting'],
      true,
    ]);
    one.connect('a');
    one.connect('b');
    command(one, 'b', 'stop');
    gone(one, 'b');
    expect(one.serverContext('a').heldAwake).toBe(false);
  });

  it('takes a start slot, as those do that wait for it, and none if somebody waits for one of them', async () => {
    const words = { l1: lazy, l2: lazy, l3: lazy, e1: ['l1'], e2: ['l2'], e3: ['l3'] };
    const one = await fleet(words, { slots: 1 });
    expect(at(one, 'l1', 'l2', 'l3')).toEqual(['starting.spawning', 'idle.queued', 'idle.queued']);
    command(one, 'e3', 'stop');
    command(one, 'l3', 'stop');
    command(one, 'l3', 'start');
    expect(at(one, 'l2', 'l3'), 'a person waits for no slot').toEqual(['idle.queued', 'starting.spawning']);
    const other = await fleet({ ...words, l3: { ...lazy }, e3: { dependsOn: ['l3'], wanted: 'down' } }, { slots: 1 });
    expect(at(other, 'l1', 'l2', 'l3')).toEqual(['starting.spawning', 'idle.queued', 'idle.resting']);
    command(other, 'e3', 'start');
    expect(at(other, 'l2', 'l3')).toEqual(['idle.queued', 'starting.spawning']);
  });

  it('keeps its place in the queue through a plan that changes a number', async () => {
    const one = await fleet({ l1: lazy, l2: lazy, l3: lazy, e1: ['l1'], e2: ['l2'], e3: ['l3'] }, { slots: 1 });
    expect(one.context().queue).toEqual(['l2', 'l3']);
    const policy = policyOf({ lazy: true, related: true, idleStopMs: 7 });
    one.plan({ configure: [{ server: 'l2', policy, changed: false, wanted: null }] });
    expect(one.context().queue).toEqual(['l2', 'l3']);
  });

  it('that ends by itself is not started again for the same wish, over and over without a delay', async () => {
    const transient = { policy: { lazy: true, restart: { kind: 'transient' } } } as const;
    const one = await fleet({ a: transient, b: ['a'], c: { dependsOn: ['a'], wanted: 'down' } });
    const finish = () => one.news('a', 'session.ended', { failure: exit(0) });
    finish();
    expect([at(one, 'a'), one.serverContext('a').generation]).toEqual([['idle.resting'], 1]);
    expect(one.serverContext('b').blockedBy).toEqual({ server: 'a', standing: 'finished' });
    command(one, 'a', 'start');
    one.news('a', 'session.exited', { failure: exit(0) });
    finish();
    expect([at(one, 'a'), one.serverContext('a').generation]).toEqual([['idle.resting'], 2]);
  });

  it('that ended by itself is started by a new wish, and by another specification', async () => {
    const transient = { policy: { lazy: true, restart: { kind: 'transient' } } } as const;
    const one = await fleet({ a: transient, b: { dependsOn: ['a'], wanted: 'down' } });
    one.server('a').send({ type: 'server.needed' });
    one.news('a', 'session.ended', { failure: exit(0) });
    expect(at(one, 'a')).toEqual(['idle.resting']);
    command(one, 'b', 'start');
    expect(at(one, 'a')).toEqual(['starting.spawning']);
    one.news('a', 'session.ended', { failure: exit(0) });
    expect(at(one, 'a')).toEqual(['idle.resting']);
    const policy = policyOf({ ...transient.policy, related: true });
    one.plan({ configure: [{ server: 'a', policy, changed: false, wanted: null }] });
    expect(at(one, 'a'), 'a number is no other specification').toEqual(['idle.resting']);
    one.plan({ configure: [{ server: 'a', policy, changed: true, wanted: null }] });
    expect(at(one, 'a')).toEqual(['starting.spawning']);
  });

  it.each([
    ['failed', failure('misconfigured', '')],
    ['needs-auth', failure('unauthorized', '')],
  ] as const)('is not kept awake by one that is %s', async (state, cause) => {
    const one = await fleet({ a: lazy, b: ['a'] });
    one.connect('a');
    one.news('b', 'session.ended', { failure: cause });
    expect([at(one, 'b'), one.serverContext('a').heldAwake]).toEqual([[state], false]);
  });

  it('is not woken against the wish of a person', async () => {
    const one = await fleet({ a: { ...lazy, wanted: 'down' }, b: ['a'] });
    expect([at(one, 'a'), one.serverContext('a').heldAwake]).toEqual([['idle.resting'], true]);
    expect(one.serverContext('b').blockedBy).toEqual({ server: 'a', standing: 'stopped' });
  });

  it('is woken again while it falls asleep, and starts when its session has ended', async () => {
    const one = await fleet({ a: lazy, b: { dependsOn: ['a'], wanted: 'down' } });
    command(one, 'a', 'start');
    one.connect('a');
    one.server('a').send({ type: 'idle.due' });
    const { generation, question } = one.serverContext('a');
    one.news('a', 'session.heard', {
      generation,
      question,
      quietForMs: 0,
      unusedForMs: 1e9,
      inFlight: 0,
      lagMs: 0,
      usedCpu: false,
    });
    expect(at(one, 'a')).toEqual(['stopping.closing']);
    command(one, 'b', 'start');
    expect(one.serverContext('a').next).toBe('starting');
    gone(one, 'a');
    expect(at(one, 'a', 'b')).toEqual(['starting.spawning', 'idle.waiting']);
  });

  it('is woken by nothing where a call would not start it', async () => {
    const one = await fleet({ a: lazy, b: ['a'] });
    one.news('a', 'session.ended', { failure: exit(1) });
    expect(at(one, 'a')).toEqual(['backoff.delaying']);
    command(one, 'b', 'stop');
    command(one, 'b', 'start');
    one.news('a', 'session.ended', { failure: exit(1) });
    expect(one.ignored.filter((text) => text.includes('server.needed'))).toEqual([]);
  });

  it('is not asked while its session ends for a try to come', async () => {
    const one = await fleet({ a: lazy, c: [], b: ['a', 'c'] });
    one.connect('a');
    command(one, 'b', 'start');
    one.news('a', 'session.failed', { failure: exit(1) });
    expect([at(one, 'a', 'b'), one.serverContext('a').next]).toEqual([['stopping.closing', 'idle.waiting'], 'backoff']);
    expect(one.ignored.filter((text) => text.includes('server.needed'))).toEqual([]);
  });

  it('is not woken where it has failed for good', async () => {
    const one = await fleet({ a: lazy, b: ['a'] });
    one.news('a', 'session.ended', { failure: failure('misconfigured', '') });
    expect([at(one, 'a', 'b'), one.serverContext('a').heldAwake]).toEqual([['failed', 'idle.waiting'], true]);
    command(one, 'b', 'stop');
    command(one, 'b', 'start');
    expect(one.ignored.filter((text) => text.includes('server.needed'))).toEqual([]);
  });

  it('learns of it before it is started', async () => {
    const one = await fleet({ a: lazy, b: { dependsOn: ['a'], wanted: 'down' } });
    command(one, 'b', 'start');
    expect(one.serverContext('a')).toMatchObject({ heldAwake: true });
    expect(at(one, 'a')).toEqual(['starting.spawning']);
  });

  it('that is not lazy gets no message', async () => {
    const one = await fleet({ a: [], b: ['a'] });
    one.connect('a');
    one.connect('b');
    expect(one.serverContext('a').heldAwake).toBe(false);
  });
});

describe('the end of servers that depend on each other', () => {
  const connectAll = (one: Tree, ...names: readonly string[]) => {
    for (const name of names) one.connect(name);
  };

  it('comes to each when nothing of those that depend on it runs', async () => {
    const one = await fleet({ a: [], b: ['a'], c: ['b'], d: [] });
    connectAll(one, 'a', 'b', 'c', 'd');
    one.send({ type: 'supervisor.shutdown' });
    expect(one.context().spared).toEqual(['a', 'b']);
    expect(at(one, 'a', 'b', 'c', 'd')).toEqual([
      'connected.quiet',
      'connected.quiet',
      'stopping.closing',
      'stopping.closing',
    ]);
    gone(one, 'c');
    expect(at(one, 'a', 'b')).toEqual(['connected.quiet', 'stopping.closing']);
    gone(one, 'b');
    expect(at(one, 'a')).toEqual(['stopping.closing']);
    gone(one, 'd');
    gone(one, 'a');
    expect([one.state(), one.context().spared]).toEqual(['closed', []]);
  });

  it('waits for all that depend on one', async () => {
    const one = await fleet({ a: [], b: ['a'], c: ['a'] });
    connectAll(one, 'a', 'b', 'c');
    one.send({ type: 'supervisor.shutdown' });
    gone(one, 'b');
    expect(at(one, 'a')).toEqual(['connected.quiet']);
    gone(one, 'c');
    expect(at(one, 'a')).toEqual(['stopping.closing']);
  });

  it('does not wait for one that is stuck', async () => {
    const one = await fleet({ a: [], b: ['a'] });
    connectAll(one, 'a', 'b');
    one.send({ type: 'supervisor.shutdown' });
    one.clock.advance(6_999);
    expect(at(one, 'a', 'b')).toEqual(['connected.quiet', 'stopping.killing']);
    one.clock.advance(1);
    expect(at(one, 'a', 'b')).toEqual(['stopping.closing', 'stopping.stuck']);
  });

  it('starts none again that was to be restarted', async () => {
    const one = await fleet({ a: [], b: ['a'] });
    for (const name of ['a', 'b']) one.connect(name);
    command(one, 'a', 'restart');
    one.send({ type: 'supervisor.shutdown' });
    expect([one.serverContext('a').next, one.commands.get('restart')]).toEqual(['idle', ['accepted', 'rejected']]);
    gone(one, 'a');
    expect(at(one, 'a', 'b')).toEqual([null, 'stopping.closing']);
    gone(one, 'b');
    expect(one.state()).toBe('closed');
  });

  it('starts none again that fails while it is spared', async () => {
    const one = await fleet({ a: [], b: ['a'] });
    connectAll(one, 'a', 'b');
    one.send({ type: 'supervisor.shutdown' });
    one.news('a', 'session.ended', { failure: exit(1) });
    one.clock.advance(1_000);
    expect(at(one, 'a', 'b')).toEqual(['backoff.queued', 'stopping.closing']);
    gone(one, 'b');
    expect([one.state(), at(one, 'a')]).toEqual(['closed', [null]]);
  });

  it('counts although its report comes late', async () => {
    const one = await fleet({ a: [], b: ['a'] }, { shutdownMs: 3_000 });
    connectAll(one, 'a', 'b');
    one.send({ type: 'supervisor.shutdown' });
    one.clock.advance(60_000);
    expect([one.state(), at(one, 'b')]).toEqual(['closed', ['stopping.stuck']]);
    gone(one, 'b');
    expect(at(one, 'b')).toEqual([null]);
  });

  it('waits for the process group of one whose actor dies', async () => {
    const one = await fleet({ a: [], b: ['a'] });
    connectAll(one, 'a', 'b');
    one.send({ type: 'supervisor.shutdown' });
    one.break('b');
    await settled();
    expect(at(one, 'a', 'b')).toEqual(['connected.quiet', null]);
    one.reapers.get('b')?.open();
    await settled();
    expect(at(one, 'a')).toEqual(['stopping.closing']);
  });

  it('spares none whose dependents do not run', async () => {
    const one = await fleet({ a: [], b: { dependsOn: ['a'], wanted: 'down' } });
    one.connect('a');
    one.send({ type: 'supervisor.shutdown' });
    expect(one.context().spared).toEqual([]);
    expect(at(one, 'a')).toEqual(['stopping.closing']);
  });
});

describe('a server on its way to another group', () => {
  const moving = async () => {
    const one = await startTree({ slots: 99 });
    trees.push(one);
    one.add(['a', 'b'], 'old');
    one.connect('a');
    one.plan({
      remove: [{ group: 'old', server: 'a' }],
      add: [{ group: 'new', server: { name: 'a', policy: policyOf(), wanted: 'up' } }],
    });
    return one;
  };
  const configure = (one: Tree, wanted: 'up' | 'down' | null) =>
    one.plan({ configure: [{ server: 'a', policy: policyOf({ idleStopMs: 7 }), changed: false, wanted }] });

  it('takes the numbers of a later plan along, and the wish of a person', async () => {
    const one = await moving();
    configure(one, null);
    expect(one.serverContext('a').policy.idleStopMs, 'its old life ends as it began').toBe(300_000);
    command(one, 'a', 'stop');
    gone(one, 'a');
    expect(one.serverContext('a')).toMatchObject({ wanted: 'down', policy: { idleStopMs: 7 } });
    expect(at(one, 'a')).toEqual(['idle.resting']);
    expect(one.context().groups).toEqual(['old', 'new']);
    expect(Object.keys((one.group('new').getSnapshot() as { children: object }).children)).toEqual(['server:a']);
  });

  it('takes the wish of a later plan along, whatever a person wished before', async () => {
    const one = await moving();
    command(one, 'a', 'stop');
    configure(one, 'up');
    gone(one, 'a');
    expect(one.serverContext('a')).toMatchObject({ wanted: 'up', policy: { idleStopMs: 7 } });
    const other = await moving();
    configure(other, 'down');
    gone(other, 'a');
    expect(other.serverContext('a')).toMatchObject({ wanted: 'down', policy: { idleStopMs: 7 } });
  });

  it('keeps the wish of a plan through later ones that have none', async () => {
    const one = await moving();
    configure(one, 'down');
    configure(one, null);
    gone(one, 'a');
    expect([at(one, 'a'), one.serverContext('a').wanted]).toEqual([['idle.resting'], 'down']);
  });

  it('has the wish of the plan that moves it', async () => {
    const one = await moving();
    command(one, 'a', 'stop');
    gone(one, 'a');
    expect(one.serverContext('a').wanted).toBe('up');
  });

  it('goes where the latest plan says', async () => {
    const one = await moving();
    one.plan({ add: [{ group: 'newer', server: { name: 'a', policy: policyOf(), wanted: 'up' } }] });
    expect(one.context().moving).toHaveLength(1);
    gone(one, 'a');
    expect(Object.keys((one.group('newer').getSnapshot() as { children: object }).children)).toEqual(['server:a']);
    expect(one.context().moving).toEqual([]);
  });

  it('leaves others that move alone', async () => {
    const one = await moving();
    one.connect('b');
    one.plan({
      remove: [{ group: 'old', server: 'b' }],
      add: [{ group: 'new', server: { name: 'b', policy: policyOf(), wanted: 'up' } }],
    });
    expect(one.context().moving.map(({ server }) => server.name)).toEqual(['a', 'b']);
    configure(one, null);
    gone(one, 'b');
    expect([at(one, 'b'), one.serverContext('b').policy.idleStopMs]).toEqual([['starting.spawning'], 300_000]);
    gone(one, 'a');
    expect(at(one, 'a')).toEqual(['starting.spawning']);
  });
});

describe('groups that are degraded', () => {
  const tells = (one: Tree, type: 'group.degraded' | 'group.recovered', group: string) => one.send({ type, group });

  it('are named, each once, until each has recovered', async () => {
    const one = await fleet({ a: [] });
    tells(one, 'group.degraded', 'x');
    tells(one, 'group.degraded', 'y');
    tells(one, 'group.degraded', 'x');
    expect([one.state(), one.context().degraded]).toEqual(['running.degraded', ['y', 'x']]);
    tells(one, 'group.recovered', 'y');
    expect([one.state(), one.context().degraded]).toEqual(['running.degraded', ['x']]);
    tells(one, 'group.recovered', 'x');
    expect([one.state(), one.context().degraded]).toEqual(['running.settled', []]);
  });

  it('are forgotten when they die', async () => {
    const one = await fleet({ a: [] });
    one.add(['z'], 'other');
    tells(one, 'group.degraded', 'web');
    tells(one, 'group.degraded', 'other');
    one.group('web').send({ type: 'group.add', servers: null });
    await settled();
    expect([one.context().groups, one.context().degraded]).toEqual([['other'], ['other']]);
  });
});
