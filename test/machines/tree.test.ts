import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { GroupContext } from '../../machines/group/events.ts';
import type { ServerInput } from '../../machines/server/events.ts';
import { charts, exit, policyOf } from '../support/charts/chart.ts';
import { stepsFor } from './tree/plan.ts';
import { settled, startTree, type Tree, type TreeOptions } from './tree/tree.ts';

const trees: Tree[] = [];
async function tree(options?: TreeOptions): Promise<Tree> {
  const one = await startTree(options);
  trees.push(one);
  return one;
}

afterEach(() => {
  for (const one of trees.splice(0)) {
    one.stop();
    assertUnharmed(one);
  }
});

/** The root must be alive, whatever happened below it. */
function assertUnharmed(one: Tree): void {
  if (one.rootError() !== null) throw new Error('the root died', { cause: one.rootError() });
  if (one.untimed.length > 0) throw new Error(`without time or chance: ${one.untimed.join()}`);
}

const states = (one: Tree, names: readonly string[]) => names.map((name) => one.serverState(name));
const command = (one: Tree, name: string, kind: string, commandId = kind) =>
  one.server(name).send({ type: `server.${kind}`, commandId, at: one.clock.now(), random: 0.5 });
const gone = (one: Tree, name: string) => one.news(name, 'session.ended');
const groupsWithBug = () =>
  charts.group.provide({
    actions: {
      add: () => {
        throw new Error('a bug');
      },
    },
  });

/** Kills a server's actor and lets its reaper see the process group gone. */
async function dies(one: Tree, name: string): Promise<void> {
  one.break(name);
  await settled();
  one.reapers.get(name)?.open();
  await settled();
}

describe('booting', () => {
  it('applies no plan before what an earlier life left is reaped', async () => {
    const one = await tree({ booted: false });
    one.add(['a']);
    expect([one.state(), one.serverState('a')]).toEqual(['booting.reaping', null]);
    one.boot.open();
    await settled();
    expect(one.state()).toBe('running.settled');
  });

  it('waits until no other control plane uses the store, whatever it is sent', async () => {
    const one = await tree({ claimed: false });
    one.add(['a']);
    one.send({ type: 'machine.resumed' });
    expect([one.state(), one.serverState('a')]).toEqual(['booting.claiming', null]);
    one.claim.open();
    await settled();
    expect([one.state(), one.serverState('a')]).toEqual(['running.settled', null]);
  });

  it('ends at once on shutdown while it waits', async () => {
    const one = await tree({ claimed: false });
    one.send({ type: 'supervisor.shutdown' });
    expect(one.state()).toBe('closed');
    one.claim.open();
    await settled();
    expect(one.state()).toBe('closed');
  });

  it('fails when it cannot wait', async () => {
    const one = await tree({ claimed: false });
    one.claim.fail(new Error('a bug'));
    await settled();
    expect([one.state(), one.context().problem]).toEqual(['failed', 'a bug']);
  });

  it('begins with nothing', async () => {
    const one = await tree({ slots: 2, shutdownMs: 9 });
    expect(one.context()).toEqual({
      client: null,
      clientEnd: null,
      clientProcess: null,
      slots: 2,
      shutdownMs: 9,
      holders: [],
      queue: [],
      members: {},
      groups: [],
      policies: {},
      dependencies: {},
      dependents: {},
      moving: [],
      degraded: [],
      spared: [],
      isOffering: false,
      hasHeard: false,
      isEnding: false,
      problem: null,
    });
  });

  it('fails when reaping fails, and can then be shut down', async () => {
    const one = await tree({ booted: false });
    one.boot.fail(new Error('no permission'));
    await settled();
    expect([one.state(), one.context().problem]).toEqual(['failed', 'no permission']);
    one.add(['a']);
    expect(one.serverState('a'), 'a process of an earlier life may be left').toBeNull();
    one.send({ type: 'supervisor.shutdown' });
    expect(one.state()).toBe('closed');
  });

  it('ends at once on shutdown', async () => {
    const one = await tree({ booted: false });
    one.send({ type: 'supervisor.shutdown' });
    expect(one.state()).toBe('closed');
  });
});

describe('start slots', () => {
  it('let no more servers start at a time than there are slots, first come, first served', async () => {
    const one = await tree({ slots: 2 });
    one.add(['a', 'b', 'c', 'd']);
    expect(states(one, ['a', 'b', 'c', 'd'])).toEqual([
      'starting.spawning',
      'starting.spawning',
      'idle.queued',
      'idle.queued',
    ]);
    one.connect('b');
    expect(one.serverState('c')).toBe('starting.spawning');
    expect(one.serverState('d')).toBe('idle.queued');
    one.connect('a');
    expect(one.serverState('d')).toBe('starting.spawning');
  });

  it('are given back after 5 s in starting', async () => {
    const one = await tree({ slots: 1 });
    one.add(['slow', 'next']);
    one.clock.advance(4_999);
    expect(one.serverState('next')).toBe('idle.queued');
    one.clock.advance(1);
    expect(states(one, ['slow', 'next'])).toEqual(['starting.spawning', 'starting.spawning']);
  });

  it('are given back by a server that fails, which then queues behind the others', async () => {
    const one = await tree({ slots: 1 });
    one.add(['a', 'b', 'c']);
    gone(one, 'a');
    expect(states(one, ['a', 'b', 'c'])).toEqual(['backoff.delaying', 'starting.spawning', 'idle.queued']);
    one.clock.advance(375);
    expect(one.serverState('a')).toBe('backoff.queued');
    one.connect('b');
    expect(states(one, ['a', 'c'])).toEqual(['backoff.queued', 'starting.spawning']);
  });

  it('are not taken by a person', async () => {
    const one = await tree({ slots: 1 });
    one.add(['a', 'b', 'c']);
    command(one, 'c', 'start');
    expect(states(one, ['a', 'b', 'c'])).toEqual(['starting.spawning', 'idle.queued', 'starting.spawning']);
    expect(one.context()).toMatchObject({ holders: ['a'], queue: ['b'] });
    one.connect('c');
    expect(one.serverState('b')).toBe('idle.queued');
  });

  it('are given back by a server that is removed while it holds one, and by one that waits', async () => {
    const one = await tree({ slots: 1 });
    one.add(['a', 'b', 'c']);
    one.remove('b');
    one.remove('a');
    gone(one, 'a');
    expect(one.context()).toMatchObject({ holders: ['c'], queue: [] });
    expect(states(one, ['a', 'b', 'c'])).toEqual([null, null, 'starting.spawning']);
  });

  it('are given back by a server whose actor dies', async () => {
    const one = await tree({ slots: 1 });
    one.add(['a', 'b']);
    one.break('a');
    expect(one.serverState('b')).toBe('starting.spawning');
  });

  it('hold for any order of starts, failures, stops and commands', { timeout: 120_000 }, async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const act = fc.tuple(
      fc.constantFrom('connect', 'fail', 'stop', 'start', 'wait', 'remove', 'add', 'break'),
      fc.constantFrom(...names),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(act, { maxLength: 40 }), async (slots, acts) => {
        const one = await startTree({ slots });
        try {
          one.add(names, 'default', { restart: { maxConsecutive: 0, intensity: 0 } });
          for (const [what, name] of acts) {
            const lives = one.serverState(name) !== null;
            if (what === 'wait') one.clock.advance(700);
            else if (what === 'add' && !lives) one.add([name]);
            else if (what === 'remove') one.remove(name);
            else if (lives && what === 'connect') one.connect(name);
            else if (lives && what === 'fail') gone(one, name);
            else if (lives && what === 'break') one.break(name);
            else if (lives && (what === 'start' || what === 'stop')) command(one, name, what);
            const { holders, queue } = one.context();
            expect(holders.length).toBeLessThanOrEqual(slots);
            expect(queue.length === 0 || holders.length === slots, `${queue.join()} wait though a slot is free`).toBe(
              true,
            );
            for (const waiting of queue) expect(one.serverState(waiting)).toMatch(/queued$/);
            for (const holder of holders) expect(one.serverState(holder)).toMatch(/^starting/);
            for (const queued of names.filter((other) => one.serverState(other)?.endsWith('queued')))
              expect(queue).toContain(queued);
          }
        } finally {
          one.stop();
        }
        expect(one.rootError()).toBeNull();
      }),
      { numRuns: Number(process.env.MCPVISOR_TREE_RUNS ?? 60) },
    );
  });
});

describe('a plan', () => {
  it('removes a server once its session has ended', async () => {
    const one = await tree();
    one.add(['a']);
    one.connect('a');
    one.remove('a');
    expect(one.serverState('a')).toBe('stopping.closing');
    gone(one, 'a');
    expect(one.serverState('a')).toBeNull();
    expect(one.openSessions()).toEqual([]);
  });

  it('adds a name again before it is gone: the removal is cancelled, with the same actor', async () => {
    const one = await tree();
    one.add(['a']);
    one.connect('a');
    const actor = one.server('a');
    one.remove('a');
    one.add(['a'], 'default', { idleStopMs: 7 });
    expect(one.serverContext('a')).toMatchObject({ removing: false, next: 'starting', policy: { idleStopMs: 7 } });
    gone(one, 'a');
    expect(one.server('a')).toBe(actor);
    expect(one.serverState('a')).toBe('starting.spawning');
  });

  it('removes one server of a group and adds others to it and to another in one go', async () => {
    const one = await tree({ slots: 9 });
    one.add(['a', 'b'], 'web');
    one.add(['c'], 'db');
    const server = (name: string, group: string) => ({
      group,
      server: { name, policy: policyOf(), wanted: 'up' as const },
    });
    one.plan({
      remove: [{ group: 'web', server: 'a' }],
      add: [server('d', 'web'), server('e', 'db'), server('f', 'new')],
    });
    gone(one, 'a');
    expect(states(one, ['a', 'b', 'c', 'd', 'e', 'f'])).toEqual([null, ...Array(5).fill('starting.spawning')]);
    expect(one.context().groups).toEqual(['web', 'db', 'new']);
  });

  it('lets a server that is added again wish what the plan wishes', async () => {
    const one = await tree();
    one.add(['a']);
    one.connect('a');
    one.remove('a');
    one.plan({ add: [{ group: 'default', server: { name: 'a', policy: policyOf(), wanted: 'down' } }] });
    gone(one, 'a');
    expect([one.serverState('a'), one.serverContext('a').wanted]).toEqual(['idle.resting', 'down']);
  });

  it('lets a server that is added again count again', async () => {
    const one = await tree();
    one.add(['a']);
    gone(one, 'a');
    one.clock.advance(375);
    one.connect('a');
    expect(one.serverContext('a').counters.attempt).toBe(1);
    one.remove('a');
    one.add(['a']);
    expect(one.serverContext('a').counters.attempt).toBe(0);
  });

  it('changes numbers of the servers it names', async () => {
    const one = await tree();
    one.add(['a', 'b']);
    one.plan({
      configure: [
        { server: 'a', policy: policyOf({ idleStopMs: 7 }), changed: false, wanted: null },
        { server: 'nobody', policy: policyOf(), changed: true, wanted: null },
      ],
    });
    expect([one.serverContext('a').policy.idleStopMs, one.serverContext('b').policy.idleStopMs]).toEqual([7, 300_000]);
  });

  const move = (one: Tree, name: string, from: string, to: string) =>
    one.plan({
      remove: [{ group: from, server: name }],
      add: [{ group: to, server: { name, policy: policyOf(), wanted: 'up' } }],
    });

  it('moves a server to another group when its old actor has gone', async () => {
    const one = await tree();
    one.add(['a'], 'old');
    one.connect('a');
    move(one, 'a', 'old', 'new');
    expect(one.serverState('a')).toBe('stopping.closing');
    gone(one, 'a');
    expect(one.serverState('a')).toBe('starting.spawning');
    expect(Object.keys((one.group('new').getSnapshot() as { children: object }).children)).toEqual(['server:a']);
    expect(one.group('old')).toBeUndefined();
  });

  it('moves a server whose actor is dead once its process group is gone', async () => {
    const one = await tree();
    one.add(['a'], 'old');
    one.break('a');
    move(one, 'a', 'old', 'new');
    await settled();
    expect(one.serverState('a')).toBeNull();
    one.reapers.get('a')?.open();
    await settled();
    expect(one.serverState('a')).toBe('starting.spawning');
    expect(one.context().moving).toEqual([]);
  });

  it('tells a server that is on its way out, and added again, whether its specification has worked', async () => {
    const one = await tree();
    one.add(['a']);
    one.connect('a');
    const added = (worked: boolean) =>
      one.plan({ add: [{ group: 'default', server: { name: 'a', policy: policyOf(), wanted: 'up', worked } }] });
    for (const worked of [true, false]) {
      one.remove('a');
      added(worked);
      expect([one.serverState('a'), one.serverContext('a').worked]).toEqual(['stopping.closing', worked]);
    }
  });

  it.each([true, false])(
    'tells a server that moves whether its latest specification has worked: %s',
    async (worked) => {
      const one = await tree();
      one.add(['a'], 'old');
      one.connect('a');
      const moved = { name: 'a', policy: policyOf(), wanted: 'up', worked: !worked } as const;
      one.plan({ remove: [{ group: 'old', server: 'a' }], add: [{ group: 'new', server: moved }] });
      one.plan({ configure: [{ server: 'a', policy: policyOf(), changed: true, wanted: null, worked }] });
      gone(one, 'a');
      expect([one.serverState('a'), one.serverContext('a').worked]).toEqual(['starting.spawning', worked]);
    },
  );

  it('forgets a move when the server is removed meanwhile', async () => {
    const one = await tree();
    one.add(['a'], 'old');
    one.connect('a');
    move(one, 'a', 'old', 'new');
    one.remove('a', 'old');
    gone(one, 'a');
    expect(one.serverState('a')).toBeNull();
    expect(one.context().moving).toEqual([]);
  });

  it('moves a server that its group never had, or whose group is unknown', async () => {
    const one = await tree();
    one.add(['b'], 'old');
    move(one, 'a', 'old', 'new');
    move(one, 'c', 'never', 'new');
    expect(states(one, ['a', 'c'])).not.toContain(null);
  });
});

describe('an actor that dies by a bug', () => {
  it('has a successor only when its process group has been reaped', async () => {
    const one = await tree({ highestGeneration: 9 });
    one.add(['a', 'b']);
    one.connect('a');
    one.connect('b');
    one.break('a');
    await settled();
    expect(states(one, ['a', 'b'])).toEqual([null, 'connected.quiet']);
    expect(one.emitted).toContainEqual({ type: 'actor.died', server: 'a', message: 'a bug' });
    one.reapers.get('a')?.open();
    await settled();
    expect(one.serverState('a')).toBe('starting.spawning');
    expect(one.serverContext('a').generation).toBe(10);
  });

  it.each([true, false])('has a successor that knows whether its specification has worked: %s', async (worked) => {
    const one = await tree({ hasWorked: () => worked });
    one.add(['a']);
    one.connect('a');
    one.break('a');
    await settled();
    one.reapers.get('a')?.open();
    await settled();
    expect([one.serverState('a'), one.serverContext('a').worked]).toEqual(['starting.spawning', worked]);
  });

  it('dies by an action that throws as well', async () => {
    const one = await tree();
    one.add(['a', 'b']);
    one
      .server('a')
      .send({ type: 'server.configure', at: 1, random: 0, changed: true, wanted: null, policy: undefined });
    await settled();
    expect(one.serverState('a')).toBeNull();
    expect(one.serverState('b')).toBe('starting.spawning');
    expect(one.reapers.has('a')).toBe(true);
  });

  it('is succeeded by one in failed the third time within a minute, which a person may start', async () => {
    const one = await tree();
    one.add(['a']);
    for (let death = 1; death <= 2; death += 1) {
      await dies(one, 'a');
      expect(one.serverState('a')).toBe('starting.spawning');
      one.clock.advance(5_000);
    }
    await dies(one, 'a');
    expect(one.serverState('a')).toBe('failed');
    expect(one.serverContext('a')).toMatchObject({
      wanted: 'up',
      lastFailure: { class: 'internal', at: one.clock.now() },
    });
    command(one, 'a', 'start');
    expect(one.serverState('a')).toBe('starting.spawning');
  });

  it('is forgiven deaths that are a minute old', async () => {
    const one = await tree();
    one.add(['a']);
    for (let death = 1; death <= 5; death += 1) {
      await dies(one, 'a');
      expect(one.serverState('a')).toBe('starting.spawning');
      one.clock.advance(30_001);
    }
  });

  it.each([
    [30_000, 'starting.spawning'],
    [29_999, 'failed'],
  ])('is forgiven deaths to the millisecond: %i ms before a third make it %s', async (lastMs, state) => {
    const one = await tree();
    one.add(['a']);
    await dies(one, 'a');
    one.clock.advance(30_000);
    await dies(one, 'a');
    one.clock.advance(lastMs);
    await dies(one, 'a');
    expect(one.serverState('a')).toBe(state);
  });

  /** Died five times; a person started each successor that began in `failed`. */
  async function diedFiveTimes(): Promise<Tree> {
    const one = await tree();
    one.add(['a']);
    for (let death = 1; death <= 5; death += 1) {
      await dies(one, 'a');
      if (death >= 3) command(one, 'a', 'start');
      expect(one.serverState('a')).toBe('starting.spawning');
    }
    return one;
  }

  it('is given up the sixth time within a minute, when its process group has been reaped', async () => {
    const one = await diedFiveTimes();
    one.break('a');
    await settled();
    expect([one.reapers.has('a'), one.context().groups]).toEqual([true, ['default']]);
    one.reapers.get('a')?.open();
    await settled();
    expect([one.context().members, one.context().groups]).toEqual([{}, []]);
  });

  it('is not given up for the sixth time if a minute has passed, or a plan adds it again', async () => {
    const later = await diedFiveTimes();
    later.clock.advance(60_001);
    await dies(later, 'a');
    const planned = await diedFiveTimes();
    planned.break('a');
    await settled();
    planned.add(['a']);
    planned.reapers.get('a')?.open();
    await settled();
    for (const one of [later, planned]) expect(one.serverState('a')).toBe('starting.spawning');
  });

  it('has no successor when it was being removed, or is removed while it is reaped', async () => {
    const one = await tree();
    one.add(['a', 'b']);
    one.remove('a');
    one.break('a');
    one.break('b');
    one.remove('b');
    await settled();
    for (const name of ['a', 'b']) one.reapers.get(name)?.open();
    await settled();
    expect(states(one, ['a', 'b'])).toEqual([null, null]);
  });

  it('has the settings of a plan that came while it was reaped', async () => {
    const one = await tree();
    one.add(['a']);
    one.break('a');
    one.add(['a'], 'default', { idleStopMs: 7 });
    await settled();
    expect(one.serverState('a')).toBeNull();
    one.reapers.get('a')?.open();
    await settled();
    expect(one.serverContext('a')).toMatchObject({ generation: 2, policy: { idleStopMs: 7 } });
  });

  it('is not there twice when it is removed and added again while it is reaped', async () => {
    const one = await tree();
    one.add(['a']);
    one.break('a');
    one.remove('a');
    one.add(['a']);
    await settled();
    expect(one.serverState('a'), 'the reaper has not seen its group gone').toBeNull();
    one.reapers.get('a')?.open();
    await settled();
    expect(one.openSessions()).toHaveLength(1);
  });

  it('is reported again, and its name is free, when its reaper dies', async () => {
    const one = await tree();
    one.add(['a']);
    one.break('a');
    await settled();
    one.reapers.get('a')?.fail(new Error('cannot look'));
    await settled();
    expect(one.emitted.slice(-2)).toEqual([
      { type: 'actor.died', server: 'a', message: 'cannot look' },
      { type: 'group.removed', group: 'default' },
    ]);
    expect(one.context().members).toEqual({});
    one.add(['a']);
    expect(one.serverState('a')).toBe('starting.spawning');
    one.send({ type: 'supervisor.shutdown' });
    gone(one, 'a');
    expect(one.state()).toBe('closed');
  });

  it('is reported, and the server given up, when each actor dies at its start', async () => {
    const one = await tree();
    one.plan({ add: [{ group: 'default', server: { name: 'a', wanted: 'up' } as ServerInput }] });
    for (let death = 1; death <= 9; death += 1) {
      await settled();
      one.reapers.get('a')?.open();
      await settled();
    }
    const deaths = one.emitted.filter(({ type }) => type === 'actor.died');
    expect(deaths, 'nobody tries for ever').toHaveLength(6);
    expect([one.context().groups, one.context().members]).toEqual([[], {}]);
    one.send({ type: 'supervisor.shutdown' });
    expect(one.state()).toBe('closed');
  });

  it('is remembered apart from the others that die', async () => {
    const one = await tree({ slots: 9 });
    const dead = () =>
      Object.values((one.group('default').getSnapshot() as { context: GroupContext }).context.members)
        .filter(({ isDead }) => isDead)
        .map(({ input }) => input.name);
    one.add(['a', 'b', 'c']);
    await dies(one, 'a');
    await dies(one, 'a');
    await dies(one, 'b');
    expect(dead()).toEqual([]);
    await dies(one, 'a');
    expect(states(one, ['a', 'b'])).toEqual(['failed', 'starting.spawning']);
    one.break('b');
    one.break('c');
    expect(dead()).toEqual(['c', 'b']);
    one.add(['c']);
    await settled();
    for (const name of ['b', 'c']) one.reapers.get(name)?.open();
    await settled();
    expect(states(one, ['b', 'c'])).toEqual(['starting.spawning', 'starting.spawning']);
  });
});

describe('a group that dies', () => {
  const breaks = (one: Tree, group = 'bad') => one.group(group).send({ type: 'group.add', servers: null });
  const reap = async (one: Tree) => {
    await settled();
    for (const reaper of one.reapers.values()) reaper.open();
    await settled();
  };

  it('takes neither the root nor the other groups down, and is reported', async () => {
    const one = await tree({ slots: 2 });
    one.add(['a', 'b'], 'bad');
    one.add(['c'], 'good');
    breaks(one);
    await settled();
    expect(one.emitted).toContainEqual({
      type: 'group.died',
      group: 'bad',
      message: expect.stringMatching(/^\S+ is not iterable/) as string,
      servers: ['a', 'b'],
    });
    expect(one.state()).toBe('running.settled');
    expect(one.context().groups).toEqual(['good']);
    one.add(['d'], 'good');
    expect(states(one, ['c', 'd']), 'the slots of the dead are free').toEqual([
      'starting.spawning',
      'starting.spawning',
    ]);
  });

  it('gives the slots of its servers to those who wait', async () => {
    const one = await tree({ slots: 1 });
    one.add(['a'], 'bad');
    one.add(['c'], 'good');
    expect(states(one, ['a', 'c'])).toEqual(['starting.spawning', 'idle.queued']);
    breaks(one);
    await settled();
    expect(states(one, ['a', 'c'])).toEqual([null, 'starting.spawning']);
  });

  it('is reported to the dependents of its servers', async () => {
    const one = await tree({ slots: 9 });
    const servers = [
      { name: 'a', group: 'bad', dependsOn: [] },
      { name: 'b', group: 'good', dependsOn: ['a'] },
    ];
    one.plan(stepsFor({ servers, groups: {} }));
    for (const name of ['a', 'b']) one.connect(name);
    breaks(one);
    await settled();
    expect(one.serverContext('b')).toMatchObject({ waitingFor: ['a'], blockedBy: null });
    await reap(one);
    one.connect('a');
    expect(one.serverContext('b').waitingFor).toEqual([]);
  });

  it('is made again with its servers, each when nothing of its processes is left', async () => {
    const one = await tree({ slots: 9 });
    one.add(['a', 'b'], 'bad', { idleStopMs: 7 });
    one.connect('a');
    command(one, 'b', 'stop');
    breaks(one);
    await settled();
    expect([states(one, ['a', 'b']), one.context().groups]).toEqual([[null, null], []]);
    one.reapers.get('a')?.open();
    await settled();
    expect([states(one, ['a', 'b']), one.context().groups]).toEqual([['starting.spawning', null], ['bad']]);
    await reap(one);
    expect(one.serverState('b'), 'the wish of a person survives').toBe('idle.resting');
    expect(one.serverContext('a')).toMatchObject({ generation: 2, policy: { idleStopMs: 7 } });
    expect(one.context().members).toMatchObject({ a: { holder: 'group:bad' }, b: { holder: 'group:bad' } });
  });

  it('has its policy again', async () => {
    const one = await tree();
    const groups = {
      bad: { strategy: 'one-for-all', intensity: 1, periodMs: 9, order: ['a'], dependencies: {} },
    } as const;
    one.plan({ groups });
    one.add(['a'], 'bad');
    breaks(one);
    await reap(one);
    expect((one.group('bad').getSnapshot() as { context: GroupContext }).context.policy).toEqual(groups.bad);
  });

  it('has what a plan wishes that comes meanwhile', async () => {
    const one = await tree({ slots: 9 });
    one.add(['a', 'b', 'c'], 'bad');
    breaks(one);
    await settled();
    one.remove('a', 'bad');
    one.add(['b'], 'bad', { idleStopMs: 7 });
    one.plan({ configure: [{ server: 'c', policy: policyOf({ idleStopMs: 8 }), changed: false, wanted: 'down' }] });
    expect(states(one, ['a', 'b', 'c'])).toEqual([null, null, null]);
    await reap(one);
    expect(states(one, ['a', 'b', 'c'])).toEqual([null, 'starting.spawning', 'idle.resting']);
    expect(['b', 'c'].map((name) => one.serverContext(name).policy.idleStopMs)).toEqual([7, 8]);
    expect(one.emitted.filter(({ type }) => type === 'server.removed')).toEqual([
      { type: 'server.removed', server: 'a' },
    ]);
  });

  it('lets a server move to another group meanwhile', async () => {
    const one = await tree();
    one.add(['a'], 'bad');
    breaks(one);
    await settled();
    one.plan({
      remove: [{ group: 'bad', server: 'a' }],
      add: [{ group: 'good', server: { name: 'a', policy: policyOf(), wanted: 'up' } }],
    });
    await reap(one);
    expect([one.serverState('a'), one.context().groups]).toEqual(['starting.spawning', ['good']]);
  });

  /** A group that dies whenever it is given a server. */
  async function hopeless(): Promise<Tree> {
    const one = await tree({ slots: 9, buggyGroup: groupsWithBug() });
    one.add(['a', 'b'], 'bad');
    for (let death = 1; death <= 3; death += 1) await reap(one);
    return one;
  }

  it('on each start keeps none waiting: the third time in a minute the root holds its servers, in failed', async () => {
    const one = await hopeless();
    expect(states(one, ['a', 'b'])).toEqual(['failed', 'failed']);
    expect(one.emitted.filter(({ type }) => type === 'group.died').length).toBeLessThanOrEqual(6);
    expect(one.serverContext('a')).toMatchObject({ wanted: 'up', lastFailure: { class: 'internal' } });
    expect(one.context()).toMatchObject({
      groups: [],
      members: { a: { holder: 'supervisor' }, b: { holder: 'supervisor' } },
    });
    expect(one.state()).toBe('running.settled');
  });

  it('leaves its servers to a person, a plan and the end', async () => {
    const one = await hopeless();
    command(one, 'a', 'start');
    one.connect('a');
    expect(one.serverState('a')).toBe('connected.quiet');
    one.plan({ configure: [{ server: 'a', policy: policyOf({ idleStopMs: 7 }), changed: false, wanted: null }] });
    expect(one.serverContext('a').policy.idleStopMs).toBe(7);
    one.send({ type: 'machine.resumed' });
    expect(one.untimed).toEqual([]);
    one.remove('b', 'bad');
    expect([one.serverState('b'), one.context().members.b]).toEqual([null, undefined]);
    expect(one.emitted.at(-1)).toEqual({ type: 'server.removed', server: 'b' });
    one.send({ type: 'supervisor.shutdown' });
    expect([one.state(), one.serverState('a')]).toEqual(['shutting-down.ending', 'stopping.closing']);
    gone(one, 'a');
    expect([one.state(), one.emitted.filter(({ type }) => type === 'server.removed')]).toEqual([
      'closed',
      [{ type: 'server.removed', server: 'b' }],
    ]);
  });

  it('leaves servers whose actors have no successor at the end', async () => {
    const one = await hopeless();
    command(one, 'a', 'start');
    one.connect('a');
    one.send({ type: 'supervisor.shutdown' });
    one.break('a');
    await settled();
    expect(one.emitted).toContainEqual({ type: 'actor.died', server: 'a', message: 'a bug' });
    expect(one.state()).toBe('shutting-down.ending');
    await reap(one);
    expect([one.state(), one.serverState('a')]).toEqual(['closed', null]);
  });

  it('leaves servers whose actors have successors, too', async () => {
    const one = await hopeless();
    command(one, 'a', 'start');
    one.clock.advance(60_001);
    one.break('a');
    await settled();
    expect(one.serverState('a')).toBeNull();
    await reap(one);
    expect(one.emitted.at(-1), 'the group is tried again').toMatchObject({ type: 'group.died', servers: ['a'] });
    await reap(one);
    await reap(one);
    expect(one.serverState('a')).toBe('failed');
  });

  it('leaves servers that end and start nothing any more', async () => {
    const one = await tree();
    one.add(['a'], 'bad');
    one.connect('a');
    const orphan = one.server('a');
    breaks(one);
    await settled();
    expect(orphan.getSnapshot().value).toEqual({ stopping: 'closing' });
    one.add(['b'], 'bad');
    orphan.send({ type: 'session.ended', generation: 1, failure: null, at: 0, random: 0 });
    expect(orphan.getSnapshot().value).toEqual({ idle: 'resting' });
    await reap(one);
    expect(states(one, ['a', 'b']), 'what it says of its end is not said of its successor').toEqual([
      'starting.spawning',
      'starting.spawning',
    ]);
    one.clock.advance(600_000);
    expect(orphan.getSnapshot().value).toEqual({ idle: 'resting' });
  });

  it('leaves a server whose reaper dies as well to a plan', async () => {
    const one = await tree();
    one.add(['a'], 'bad');
    breaks(one);
    await settled();
    one.reapers.get('a')?.fail(new Error('cannot look'));
    await settled();
    expect(one.emitted.at(-1)).toEqual({ type: 'actor.died', server: 'a', message: 'cannot look' });
    expect(one.context().members).toEqual({});
    one.add(['a'], 'bad');
    expect(one.serverState('a')).toBe('starting.spawning');
  });

  it('has no successor if the end comes before its servers are reaped', async () => {
    const one = await tree();
    one.add(['a'], 'bad');
    breaks(one);
    await settled();
    one.send({ type: 'supervisor.shutdown' });
    expect(one.state()).toBe('shutting-down.ending');
    await reap(one);
    expect([one.state(), one.serverState('a')]).toEqual(['closed', null]);
  });

  it('is waited for at the end until its servers are reaped, and has no successor', async () => {
    const one = await tree();
    one.add(['a'], 'bad');
    one.add(['b'], 'good');
    one.send({ type: 'supervisor.shutdown' });
    one.group('bad').send({ type: 'xstate.done.actor.reaper:x', actorId: null });
    await settled();
    gone(one, 'b');
    expect(one.state()).toBe('shutting-down.ending');
    await reap(one);
    expect([one.state(), one.serverState('a')]).toEqual(['closed', null]);
  });
});

describe('names that every object knows', () => {
  it('are names like any other', async () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
    const one = await tree({ slots: 9 });
    const servers = names.map((name, index) => ({
      name,
      group: '__proto__',
      dependsOn: names.slice(Math.max(0, index - 1), index),
      policy: {},
    }));
    one.plan(stepsFor({ servers, groups: { ['__proto__']: { strategy: 'one-for-all' } } }));
    for (const name of names) one.connect(name);
    expect(states(one, names)).toEqual(names.map(() => 'connected.quiet'));
    expect(Object.keys(one.context().members)).toEqual(names);
    one.news('constructor', 'session.ended', { failure: exit(1) });
    expect(states(one, names)).toEqual(['backoff.delaying', 'connected.quiet', 'connected.quiet', 'stopping.closing']);
    one.plan({ remove: [{ group: '__proto__', server: 'hasOwnProperty' }] });
    gone(one, 'hasOwnProperty');
    expect(Object.keys(one.context().members)).toEqual(names.slice(0, -1));
    one.send({ type: 'supervisor.shutdown' });
    for (const name of ['toString', '__proto__']) gone(one, name);
    expect(one.state()).toBe('closed');
  });
});

describe('a removal', () => {
  const removals = (one: Tree) => one.emitted.filter(({ type }) => type === 'server.removed');

  it('is reported when the server has gone, when the reaper is done, and at once if it was never there', async () => {
    const one = await tree();
    one.add(['a', 'b']);
    one.connect('a');
    one.remove('a');
    expect(removals(one)).toEqual([]);
    gone(one, 'a');
    expect(removals(one)).toEqual([{ type: 'server.removed', server: 'a' }]);
    one.break('b');
    one.remove('b');
    await settled();
    one.reapers.get('b')?.open();
    await settled();
    one.remove('nobody');
    expect(removals(one).map(({ server }) => server)).toEqual(['a', 'b', 'nobody']);
  });

  it('is not what a shutdown is', async () => {
    const one = await tree();
    one.add(['a']);
    one.send({ type: 'supervisor.shutdown' });
    gone(one, 'a');
    expect([one.state(), removals(one)]).toEqual(['closed', []]);
  });
});

describe('a suspended machine', () => {
  it('wakes every server, each with a chance of its own', async () => {
    const one = await tree({ slots: 3 });
    const names = ['a', 'b', 'c'];
    one.add(names, 'default', { remote: true });
    for (const name of names) one.connect(name);
    one.send({ type: 'machine.resumed' });
    const waits = names.map((name) => one.serverContext(name).quietMs);
    expect(new Set(waits).size).toBe(3);
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(1_000);
  });
});

describe('shutdown', () => {
  it('ends every server at once, and is closed when all are gone', async () => {
    const one = await tree({ slots: 3 });
    one.add(['a', 'b'], 'x');
    one.add(['c'], 'y');
    for (const name of ['a', 'b']) one.connect(name);
    one.send({ type: 'supervisor.shutdown' });
    expect(states(one, ['a', 'b', 'c'])).toEqual(['stopping.closing', 'stopping.closing', 'stopping.closing']);
    for (const name of ['b', 'c']) gone(one, name);
    expect(one.state()).toBe('shutting-down.ending');
    gone(one, 'a');
    expect(one.state()).toBe('closed');
    expect([one.kills(), one.openSessions()]).toEqual([0, []]);
  });

  it('is closed at once when nothing runs', async () => {
    const one = await tree();
    one.add(['a'], 'x', { lazy: true });
    one.send({ type: 'supervisor.shutdown' });
    expect(one.state()).toBe('closed');
  });

  it('is closed at once without a group', async () => {
    const one = await tree();
    one.send({ type: 'supervisor.shutdown' });
    expect(one.state()).toBe('closed');
  });

  it('kills what is left at its deadline, and does not wait longer than 2 s for it', async () => {
    const one = await tree({ shutdownMs: 10_000 });
    one.add(['a']);
    one.connect('a');
    one.send({ type: 'supervisor.shutdown' });
    one.clock.advance(9_999);
    expect([one.state(), one.kills()]).toEqual(['shutting-down.ending', 0]);
    one.clock.advance(1);
    expect([one.state(), one.kills()]).toEqual(['shutting-down.killing', 1]);
    await settled();
    one.clock.advance(1_999);
    expect(one.state()).toBe('shutting-down.killing');
    one.clock.advance(1);
    expect(one.state()).toBe('closed');
  });

  it('has the deadline of the last plan that named one', async () => {
    const one = await tree({ shutdownMs: 10_000 });
    one.add(['a']);
    one.connect('a');
    one.plan({ shutdownMs: 3_000 });
    one.plan({});
    one.send({ type: 'supervisor.shutdown' });
    one.clock.advance(2_999);
    expect(one.state()).toBe('shutting-down.ending');
    one.clock.advance(1);
    expect(one.state()).toBe('shutting-down.killing');
  });

  it('is closed as soon as what was killed is gone', async () => {
    const one = await tree({ shutdownMs: 10_000 });
    one.add(['a']);
    one.connect('a');
    one.send({ type: 'supervisor.shutdown' });
    one.clock.advance(10_000);
    gone(one, 'a');
    expect(one.state()).toBe('closed');
  });

  it('adds nothing and gives no slot any more', async () => {
    const one = await tree({ slots: 1 });
    one.add(['a', 'b']);
    one.send({ type: 'supervisor.shutdown' });
    one.add(['c']);
    one.add(['d'], 'another');
    one
      .group('default')
      .send({ type: 'group.add', servers: [{ name: 'e', policy: policyOf(), wanted: 'up' }], at: 0, random: 0 });
    expect(states(one, ['b', 'c', 'd', 'e'])).toEqual([null, null, null, null]);
    one.server('a').send({ type: 'slot.granted' });
    expect(one.context()).toMatchObject({ holders: [], queue: [] });
  });

  it('waits for the reapers, and gives the dead no successor', async () => {
    const one = await tree();
    one.add(['a']);
    one.break('a');
    await settled();
    one.send({ type: 'supervisor.shutdown' });
    expect(one.state()).toBe('shutting-down.ending');
    one.reapers.get('a')?.open();
    await settled();
    expect([one.state(), one.serverState('a')]).toEqual(['closed', null]);
  });

  it('takes the death of an actor in its course', async () => {
    const one = await tree();
    one.add(['a']);
    one.connect('a');
    one.send({ type: 'supervisor.shutdown' });
    one.break('a');
    await settled();
    one.reapers.get('a')?.open();
    await settled();
    expect(one.state()).toBe('closed');
  });
});

describe('a plan that removes a server together with what it waits for', () => {
  it('sends nothing to actors that are gone: XState would warn', async () => {
    const one = await tree();
    const servers = [
      { name: 'db', group: 'default', dependsOn: [], policy: {} },
      { name: 'app', group: 'default', dependsOn: ['db'], policy: {} },
    ];
    one.plan(stepsFor({ servers, groups: {} }));
    expect(one.serverState('app')).toBe('idle.waiting');
    const warnings: unknown[] = [];
    const { warn } = console;
    console.warn = (...words: unknown[]) => warnings.push(words);
    try {
      one.plan({ remove: servers.map(({ group, name }) => ({ group, server: name })), dependencies: {} });
    } finally {
      console.warn = warn;
    }
    expect(one.serverState('app')).toBeNull();
    expect(warnings).toEqual([]);
  });
});
