import { describe, expect, it } from 'vitest';
import type { AnyActorRef } from 'xstate';
import type { GroupContext } from '../../../machines/group/events.ts';
import { policyOf } from '../../support/charts/chart.ts';
import { stepsFor } from '../tree/plan.ts';
import { plantTrees } from '../tree/planted.ts';
import { settled, startTree, type Tree, type TreeOptions } from '../tree/tree.ts';

const trees = plantTrees();
async function tree(options?: TreeOptions): Promise<Tree> {
  const one = await startTree({ slots: 9, ...options });
  trees.push(one);
  return one;
}

const isThere = (one: Tree, group: string) => one.group(group) !== undefined;
const ended = (one: Tree) => one.emitted.flatMap(({ type, group }) => (type === 'group.removed' ? [group] : []));
const gone = (one: Tree, name: string) => one.news(name, 'session.ended');
const move = (one: Tree, name: string, from: string, to: string) =>
  one.plan({
    remove: [{ group: from, server: name }],
    add: [{ group: to, server: { name, policy: policyOf(), wanted: 'up' } }],
  });

/** The last server of the group `web` has ended, while `b` is on its way to it from `db`. */
async function emptied(): Promise<{ readonly one: Tree; readonly web: AnyActorRef }> {
  const one = await tree();
  one.add(['a'], 'web');
  one.add(['b'], 'db');
  for (const name of ['a', 'b']) one.connect(name);
  const web = one.group('web');
  move(one, 'b', 'db', 'web');
  one.remove('a', 'web');
  gone(one, 'a');
  return { one, web };
}

describe('a group', () => {
  it.each(['web', 'default'])('ends with its last server: %s', async (group) => {
    const one = await tree();
    one.add(['a', 'b'], group);
    one.connect('a');
    one.remove('b', group);
    gone(one, 'b');
    one.remove('a', group);
    expect([isThere(one, group), one.context().groups], 'the last one is still stopping').toEqual([true, [group]]);
    gone(one, 'a');
    expect([isThere(one, group), one.context().groups, ended(one)]).toEqual([false, [], [group]]);
  });

  it('ends when its last server has moved to another group, and only then', async () => {
    const one = await tree();
    one.add(['a'], 'old');
    one.connect('a');
    move(one, 'a', 'old', 'new');
    expect(one.context().groups).toEqual(['old']);
    gone(one, 'a');
    expect([one.context().groups, ended(one)]).toEqual([['new'], ['old']]);
    expect(one.serverState('a')).toBe('starting.spawning');
  });

  it('goes on when a server is on its way to it', async () => {
    const { one, web } = await emptied();
    expect(isThere(one, 'web')).toBe(true);
    gone(one, 'b');
    expect([one.group('web') === web, one.serverState('b'), ended(one)]).toEqual([true, 'starting.spawning', ['db']]);
  });

  it.each(['is removed', 'goes to another group'])(
    'ends when the server that was on its way to it %s',
    async (what) => {
      const { one } = await emptied();
      expect(isThere(one, 'web')).toBe(true);
      if (what === 'is removed') one.remove('b', 'web');
      else move(one, 'b', 'web', 'db');
      expect([isThere(one, 'web'), one.context().groups, ended(one)]).toEqual([false, ['db'], ['web']]);
      gone(one, 'b');
      expect(one.context().groups).toEqual(what === 'is removed' ? [] : ['db']);
    },
  );

  it('goes on when the plan that takes away the server on its way to it brings another one', async () => {
    const { one, web } = await emptied();
    one.plan({
      remove: [{ group: 'web', server: 'b' }],
      add: [{ group: 'web', server: { name: 'c', policy: policyOf(), wanted: 'up' } }],
    });
    expect([one.group('web') === web, one.serverState('c'), ended(one)]).toEqual([true, 'starting.spawning', []]);
  });

  it('is not waited for as degraded any more', async () => {
    const one = await tree();
    const servers = ['a', 'b'].map((name) => ({ name, group: 'web', dependsOn: [] }));
    one.plan(stepsFor({ servers, groups: { web: { strategy: 'one-for-all', intensity: 1, periodMs: 300_000 } } }));
    for (let round = 1; round <= 2; round += 1) {
      for (const name of ['a', 'b']) one.connect(name);
      one.news('a', 'session.ended', { failure: { class: 'exited', message: 'm', code: 1 } });
      if (one.serverState('b')?.startsWith('stopping') === true) gone(one, 'b');
      one.clock.advance(1_000);
    }
    expect([one.state(), one.context().degraded]).toEqual(['running.degraded', ['web']]);
    for (const name of ['a', 'b']) {
      one.remove(name, 'web');
      if (one.serverState(name) !== null) gone(one, name);
    }
    expect([one.state(), one.context().degraded, one.context().groups]).toEqual(['running.settled', [], []]);
    one.clock.advance(600_000);
    expect(one.state()).toBe('running.settled');
  });

  it('is waited for at the end as long as one of its servers runs, although others left before', async () => {
    const one = await tree();
    one.add(['a', 'b'], 'web');
    for (const name of ['a', 'b']) one.connect(name);
    one.remove('b', 'web');
    gone(one, 'b');
    one.send({ type: 'supervisor.shutdown' });
    one.group('web').send({ type: 'server.gone', server: 'a stranger' });
    await settled();
    expect([one.state(), one.serverState('a')]).toEqual(['shutting-down.ending', 'stopping.closing']);
    gone(one, 'a');
    expect(one.state()).toBe('closed');
  });

  it('waits for the reaper of a server whose actor died', async () => {
    const one = await tree();
    one.add(['a'], 'web');
    one.break('a');
    await settled();
    one.remove('a', 'web');
    expect(isThere(one, 'web')).toBe(true);
    one.reapers.get('a')?.open();
    await settled();
    expect([isThere(one, 'web'), one.context().members]).toEqual([false, {}]);
  });

  it('ends when its last server is given up', async () => {
    const one = await tree();
    one.add(['a'], 'web');
    one.break('a');
    await settled();
    one.reapers.get('a')?.fail(new Error('cannot look'));
    await settled();
    expect([isThere(one, 'web'), one.context().groups]).toEqual([false, []]);
  });

  it('is opened again, as the plan wishes it, with the next server', async () => {
    const one = await tree();
    one.add(['a'], 'web');
    one.remove('a', 'web');
    gone(one, 'a');
    const policy = { strategy: 'one-for-all', intensity: 1, periodMs: 9, order: ['b'], dependencies: {} } as const;
    one.plan({
      groups: { web: policy },
      add: [{ group: 'web', server: { name: 'b', policy: policyOf(), wanted: 'up' } }],
    });
    expect(one.serverState('b')).toBe('starting.spawning');
    expect((one.group('web').getSnapshot() as { context: GroupContext }).context.policy).toEqual(policy);
  });
});

/** What the root, the groups and the actors know of the servers; all three must agree. */
function holdings(one: Tree): Readonly<Record<string, unknown>> {
  const known = one.context().members;
  return Object.fromEntries(
    ['a', 'b'].flatMap((name) => {
      const holder = known[name]?.holder.slice('group:'.length) ?? '';
      const held = (one.group(holder)?.getSnapshot() as { context: GroupContext } | undefined)?.context.members[name];
      const parent = one.server(name)?._parent;
      if (parent === undefined && known[name] === undefined) return [];
      const isOne = parent !== undefined && parent === one.group(holder) && held?.isLeaving === false;
      return [[name, isOne ? one.serverState(name) : `held by ${parent?.id}, known at ${known[name]?.holder}`]];
    }),
  );
}

describe('a plan that comes in any step in which a group ends', () => {
  const plans: Readonly<Record<string, readonly [(one: Tree) => void, Readonly<Record<string, unknown>>]>> = {
    'adds the same server again': [(one) => one.add(['a'], 'web'), { a: 'starting.spawning' }],
    'adds another': [(one) => one.add(['b'], 'web'), { b: 'starting.spawning' }],
    'adds both': [(one) => one.add(['a', 'b'], 'web'), { a: 'starting.spawning', b: 'starting.spawning' }],
    'adds it to another group': [(one) => move(one, 'a', 'web', 'db'), { a: 'starting.spawning' }],
    'adds it and removes it': [
      (one) => {
        one.add(['a'], 'web');
        one.remove('a', 'web');
      },
      {},
    ],
    'removes it once more': [(one) => one.remove('a', 'web'), {}],
  };

  /** How many steps it took, at least: in one of them the plan came. */
  async function interrupted(plan: (one: Tree) => void, at: number, others: readonly string[]) {
    let steps = Number.NaN;
    const one = await tree({
      onStep: (now) => {
        steps += 1;
        if (steps === at) plan(now);
      },
    });
    one.add(others, 'web', { lazy: true });
    one.add(['a'], 'web');
    one.connect('a');
    steps = 0;
    one.remove('a', 'web');
    gone(one, 'a');
    const isInTime = steps >= at;
    if (!isInTime) plan(one);
    if (one.serverState('a')?.startsWith('stopping') === true) gone(one, 'a');
    return { one, isInTime };
  }

  it.each(Object.entries(plans))('loses no server and doubles none: %s', async (_, [plan, expected]) => {
    for (let [at, isLast] = [1, false]; !isLast; at += 1) {
      const { one, isInTime } = await interrupted(plan, at, []);
      isLast = !isInTime;
      expect(holdings(one), `in step ${at}`).toEqual(expected);
      const groups = Object.values(one.context().members).map(({ group }) => group);
      expect(one.context().groups).toEqual([...new Set(groups)]);
      expect(one.openSessions()).toHaveLength(Object.keys(expected).length);
    }
  });

  it('nor one in a part of the group', { timeout: 60_000 }, async () => {
    const others = Array.from({ length: 128 }, (_, index) => `s${index}`);
    for (let [at, isLast] = [1, false]; !isLast; at += 1) {
      const { one, isInTime } = await interrupted((now) => now.add(['a'], 'web'), at, others);
      isLast = !isInTime;
      expect(one.serverState('a'), `in step ${at}`).toBe('starting.spawning');
      const { members, parts } = (one.group('web').getSnapshot() as { context: GroupContext }).context;
      expect([members.a?.holder, one.server('a')._parent?.id, parts]).toEqual([
        'group:web/1',
        'group:web/1',
        ['group:web/1'],
      ]);
      expect(one.context().members.a).toMatchObject({ holder: 'group:web', isLeaving: false });
    }
  });
});
