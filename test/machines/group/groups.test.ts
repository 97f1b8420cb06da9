import { describe, expect, it } from 'vitest';
import { type Failure, failure } from '../../../machines/failure.ts';
import type { GroupContext } from '../../../machines/group/events.ts';
import { heldBy } from '../../../machines/members.ts';
import { exit, type PolicyOverrides, policyOf, stateText } from '../../support/charts/chart.ts';
import { connectedStates, type State, serverIn, startingStates, states } from '../server/states.ts';
import { type Fleet, type PlannedGroups, relationsIn, stepsFor } from '../tree/plan.ts';
import { plantTrees } from '../tree/planted.ts';
import { settled, startTree, type Tree } from '../tree/tree.ts';

const trees = plantTrees();

type Words = Readonly<Record<string, readonly string[]>>;

const fleetOf = (words: Words, web: PlannedGroups[string], policy: PolicyOverrides = {}): Fleet => ({
  servers: Object.entries(words).map(([name, dependsOn]) => ({ name, group: 'web', dependsOn, policy })),
  groups: { web },
});

/** A group whose members, by name with what they depend on, are all connected. */
async function connectedGroup(words: Words, web: PlannedGroups[string], policy: PolicyOverrides = {}): Promise<Tree> {
  const one = await startTree({ slots: 99 });
  trees.push(one);
  one.plan(stepsFor(fleetOf(words, web, policy)));
  for (const name of Object.keys(words)) one.connect(name);
  expect(at(one, ...Object.keys(words))).toEqual(Object.keys(words).map(() => 'connected.quiet'));
  one.emitted.length = 0;
  one.records.length = 0;
  return one;
}

const at = (one: Tree, ...names: readonly string[]) => names.map((name) => one.serverState(name));
const fail = (one: Tree, name: string, cause: Failure = exit(1)) => one.news(name, 'session.ended', { failure: cause });
const gone = (one: Tree, name: string) => one.news(name, 'session.ended');
const endSlowly = (one: Tree, name: string) => {
  one.news(name, 'session.failed', { failure: exit(1) });
  gone(one, name);
};
const groupState = (one: Tree, name = 'web') => stateText((one.group(name).getSnapshot() as { value: unknown }).value);
const groupContext = (one: Tree, name = 'web') => (one.group(name).getSnapshot() as { context: GroupContext }).context;
const rounds = (one: Tree) => one.emitted.filter(({ type }) => String(type).startsWith('round.'));
const alone: Words = { a: [], b: [], c: [] };

/** A round of which the members end and start at once. */
function passRound(one: Tree, trigger: string, victims: readonly string[]): void {
  fail(one, trigger);
  for (const victim of [...victims].reverse()) gone(one, victim);
  one.clock.advance(30_000);
  one.connect(trigger);
  for (const victim of victims) one.connect(victim);
}

describe('a server that a round stops', () => {
  it.each([...startingStates, ...connectedStates])('ends its session and waits for the others, in %s', (state) => {
    const server = serverIn(state);
    server.send('round.stop', { heldFor: ['t'] });
    expect(server.state()).toBe('stopping.closing');
    expect(server.context()).toMatchObject({ heldFor: ['t'], next: 'starting', endAsked: true });
    server.news('session.ended', { failure: exit(1) });
    expect(server.state()).toBe('idle.waiting');
    expect(server.context(), 'it has not failed').toMatchObject({ lastFailure: null, counters: { attempt: 0 } });
    server.send('round.hold', { heldFor: [] });
    expect(server.state()).toBe('idle.queued');
    server.send('round.hold', { heldFor: ['t'] });
    expect(server.state()).toBe('idle.waiting');
  });

  it.each([...startingStates, ...connectedStates])('rests if it is temporary, in %s', (state) => {
    const server = serverIn(state, { policy: { restart: { kind: 'temporary' } } });
    server.send('round.stop', { heldFor: ['t'] });
    server.news('session.ended');
    expect(server.state()).toBe('idle.resting');
  });

  it.each(states.filter((state) => !/^(starting|connected)/.test(state)))(
    'stays as it is if it does not run, in %s',
    (state: State) => {
      const server = serverIn(state);
      server.send('round.stop', { heldFor: ['t'] });
      expect([server.state(), server.context().heldFor, server.ignored]).toEqual([state, [], []]);
    },
  );

  it('waits in backoff as well, when its delay is over', () => {
    const server = serverIn('backoff.delaying');
    server.send('round.hold', { heldFor: ['t'] });
    server.clock.advance(375);
    expect(server.state()).toBe('backoff.waiting');
    server.send('round.hold', { heldFor: [] });
    expect(server.state()).toBe('backoff.queued');
    server.send('round.hold', { heldFor: ['t'] });
    expect(server.state()).toBe('backoff.waiting');
  });
});

describe('a failure of a connected server', () => {
  const lost = (
    cause: Failure,
    type: 'session.failed' | 'session.exited' | 'session.ended',
    policy: PolicyOverrides = {},
  ) => {
    const server = serverIn('connected.quiet', { policy: { related: true, ...policy } });
    server.news(type, { failure: cause });
    return server.reports.filter((report) => report.type === 'server.lost');
  };

  it.each(['session.failed', 'session.exited', 'session.ended'] as const)('is told to its group: %s', (type) => {
    expect(lost(exit(1), type)).toMatchObject([
      { type: 'server.lost', server: 'a', standing: { phase: 'ending', generation: 1 }, at: 0, random: 0.5 },
    ]);
    expect(lost(exit(1), type, { related: false })).toEqual([]);
  });

  it.each(['sessionLost', 'clientLost'] as const)('is nothing to its group if it is nobody’s doing: %s', (name) => {
    expect(lost(failure(name, ''), 'session.ended')).toEqual([]);
  });

  it('is nothing to its group if it has finished', () => {
    expect(lost(exit(0), 'session.ended', { restart: { kind: 'transient' } })).toEqual([]);
    expect(lost(exit(1), 'session.ended', { restart: { kind: 'transient' } })).toHaveLength(1);
  });

  it('is reported to its group if it hangs', () => {
    const server = serverIn('connected.confirming', { policy: { related: true } });
    server.clock.advance(5_000);
    expect(server.state()).toBe('heartbeat-timeout.terminating');
    expect(server.reports.filter((report) => report.type === 'server.lost')).toHaveLength(1);
  });

  it('is not reported if it was asked for', () => {
    const server = serverIn('connected.quiet', { policy: { related: true } });
    server.command('stop');
    server.news('session.ended', { failure: exit(1) });
    expect(server.reports.filter((report) => report.type === 'server.lost')).toEqual([]);
  });
});

describe('a group that acts as one', () => {
  it('one-for-all: stops every other member, and starts them when the one that failed is connected', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(one, 'b');
    expect(groupState(one)).toBe('running.round.stopping');
    expect(at(one, 'a', 'b', 'c')).toEqual(['stopping.closing', 'backoff.delaying', 'stopping.closing']);
    expect(one.serverContext('b').heldFor, 'it starts beside none that still run').toEqual(['a', 'c']);
    gone(one, 'a');
    expect(groupState(one)).toBe('running.round.stopping');
    gone(one, 'c');
    expect(groupState(one)).toBe('running.round.waiting');
    expect(at(one, 'a', 'c')).toEqual(['idle.waiting', 'idle.waiting']);
    expect(one.serverContext('b').heldFor).toEqual([]);
    one.clock.advance(375);
    one.connect('b');
    expect(groupState(one)).toBe('running.steady');
    expect(at(one, 'a', 'b', 'c')).toEqual(['starting.spawning', 'connected.quiet', 'starting.spawning']);
    expect(rounds(one)).toEqual([
      { type: 'round.opened', trigger: 'b', victims: ['a', 'c'] },
      { type: 'round.closed', started: ['a', 'c'] },
    ]);
    expect([groupContext(one).triggers, groupContext(one).victims]).toEqual([[], {}]);
  });

  it('holds no member without a round, whatever was on its way when the last one closed', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    one.server('a').send({ type: 'round.hold', heldFor: ['b'] });
    expect(one.serverContext('a').heldFor).toEqual([]);
  });

  it('rest-for-one: stops those after it alone', async () => {
    const one = await connectedGroup(alone, { strategy: 'rest-for-one' });
    fail(one, 'b');
    expect(at(one, 'a', 'b', 'c')).toEqual(['connected.quiet', 'backoff.delaying', 'stopping.closing']);
  });

  it('opens no round for the last one, nor if none of the others runs', async () => {
    const one = await connectedGroup(alone, { strategy: 'rest-for-one' });
    fail(one, 'c');
    expect([groupState(one), groupContext(one).rounds]).toEqual(['running.steady', []]);
    fail(one, 'b');
    expect([groupState(one), rounds(one)]).toEqual(['running.steady', []]);
  });

  it('stops dependents first, each when nothing of those that depend on it runs', async () => {
    const one = await connectedGroup({ a: [], b: ['a'], c: ['b'] }, { strategy: 'one-for-all' });
    fail(one, 'a');
    expect(at(one, 'b', 'c')).toEqual(['connected.quiet', 'stopping.closing']);
    gone(one, 'c');
    expect(at(one, 'b', 'c')).toEqual(['stopping.closing', 'idle.waiting']);
  });

  it('waits no longer for a member that is stuck', async () => {
    const one = await connectedGroup({ a: [], b: ['a'], c: ['b'] }, { strategy: 'one-for-all' });
    fail(one, 'a');
    one.clock.advance(7_000);
    expect(at(one, 'b', 'c')).toEqual(['stopping.closing', 'stopping.stuck']);
    gone(one, 'b');
    expect(groupState(one)).toBe('running.round.waiting');
  });

  it('takes another failure into the round, and waits for both', async () => {
    const one = await connectedGroup(alone, { strategy: 'rest-for-one' });
    fail(one, 'b');
    fail(one, 'a');
    expect(rounds(one)).toEqual([
      { type: 'round.opened', trigger: 'b', victims: ['c'] },
      { type: 'round.joined', trigger: 'a', victims: ['c'] },
    ]);
    expect(groupContext(one)).toMatchObject({ triggers: ['b', 'a'], rounds: [1_000] });
    gone(one, 'c');
    expect(one.serverContext('c').heldFor).toEqual(['b', 'a']);
    one.clock.advance(375);
    one.connect('a');
    expect(one.serverContext('c').heldFor).toEqual(['b']);
    expect([groupState(one), at(one, 'c')]).toEqual(['running.round.waiting', ['idle.waiting']]);
    one.connect('b');
    expect([groupState(one), at(one, 'c')]).toEqual(['running.steady', ['starting.spawning']]);
  });

  it.each([
    ['at once', (one: Tree) => fail(one, 'b')],
    ['bit by bit', (one: Tree) => endSlowly(one, 'b')],
  ])('keeps a member from starting that ends by itself, %s, before its turn to stop has come', async (_, end) => {
    const one = await connectedGroup({ a: [], b: [], c: ['b'] }, { strategy: 'rest-for-one' });
    one.server('b').send({ type: 'server.restart', commandId: 'c1', at: one.clock.now(), random: 0.5 });
    gone(one, 'b');
    fail(one, 'a');
    expect(at(one, 'a', 'b', 'c')).toEqual(['backoff.delaying', 'starting.spawning', 'stopping.closing']);
    expect(one.serverContext('a').heldFor).toEqual(['b', 'c']);
    end(one);
    expect(at(one, 'b')).toEqual(['backoff.delaying']);
    expect([one.serverContext('a').heldFor, one.serverContext('b').heldFor]).toEqual([['c'], ['a']]);
    one.clock.advance(1_500);
    expect(at(one, 'a', 'b', 'c')).toEqual(['backoff.waiting', 'backoff.waiting', 'stopping.closing']);
    gone(one, 'c');
    one.connect('a');
    expect(at(one, 'b', 'c')).toEqual(['starting.spawning', 'idle.waiting']);
    one.connect('b');
    one.connect('c');
    expect(at(one, 'a', 'b', 'c')).toEqual(['connected.quiet', 'connected.quiet', 'connected.quiet']);
    expect(groupState(one)).toBe('running.steady');
  });

  it('starts the others without one that fails for good, or that a person stops', async () => {
    for (const end of [(one: Tree) => fail(one, 'a', exit(78)), (one: Tree) => stopAndEnd(one)]) {
      const one = await connectedGroup(alone, { strategy: 'one-for-all' });
      end(one);
      for (const name of ['b', 'c']) if (at(one, name)[0]?.startsWith('stopping')) gone(one, name);
      expect(groupState(one)).toBe('running.steady');
      expect(at(one, 'b', 'c')).toEqual(['starting.spawning', 'starting.spawning']);
    }
    function stopAndEnd(one: Tree): void {
      fail(one, 'a');
      one.server('a').send({ type: 'server.stop', commandId: 'stop', at: 0, random: 0 });
    }
  });

  it('starts the others without one that a person stops while it still ends', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    one.news('a', 'session.failed', { failure: exit(1) });
    for (const name of ['b', 'c']) gone(one, name);
    expect([groupState(one), at(one, 'a')]).toEqual(['running.round.waiting', ['stopping.closing']]);
    one.server('a').send({ type: 'server.stop', commandId: 'stop', at: 0, random: 0 });
    expect([groupState(one), at(one, 'b')]).toEqual(['running.steady', ['starting.spawning']]);
  });

  it('starts the others without one whose actor dies', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(one, 'a');
    for (const name of ['b', 'c']) gone(one, name);
    one.clock.advance(375);
    expect([groupState(one), at(one, 'a')]).toEqual(['running.round.waiting', ['starting.spawning']]);
    one.break('a');
    await settled();
    expect([groupState(one), at(one, 'b', 'c')]).toEqual([
      'running.steady',
      ['starting.spawning', 'starting.spawning'],
    ]);
  });

  it('starts none again that a person stopped meanwhile', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(one, 'a');
    one.server('b').send({ type: 'server.stop', commandId: 'stop', at: 0, random: 0 });
    for (const name of ['b', 'c']) gone(one, name);
    one.clock.advance(375);
    one.connect('a');
    expect(at(one, 'b', 'c')).toEqual(['idle.resting', 'starting.spawning']);
    expect(rounds(one).at(-1)).toEqual({ type: 'round.closed', started: ['c'] });
  });

  it('waits for no member whose actor dies', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(one, 'a');
    gone(one, 'b');
    one.break('c');
    await settled();
    expect(groupState(one)).toBe('running.round.waiting');
  });

  it('acts by its policy after plans that do not name it', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    one.plan({});
    fail(one, 'b');
    expect(groupState(one)).toBe('running.round.stopping');
  });

  it('acts by the policy of a plan at once', async () => {
    const one = await connectedGroup(alone, { strategy: 'rest-for-one' });
    one.plan(relationsIn(fleetOf(alone, { strategy: 'one-for-all' })));
    fail(one, 'c');
    expect(at(one, 'a', 'b')).toEqual(['stopping.closing', 'stopping.closing']);
  });

  it.each([
    ['removed', []],
    ['moved to another group', [{ group: 'other', server: { name: 'a', policy: policyOf(), wanted: 'up' as const } }]],
  ])('starts the others without one that is %s', async (_, add) => {
    const stillWeb = relationsIn(fleetOf({ b: [], c: [] }, { strategy: 'one-for-all' }));
    const leave = (one: Tree) => one.plan({ ...stillWeb, remove: [{ group: 'web', server: 'a' }], add });
    const waiting = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(waiting, 'a');
    for (const name of ['b', 'c']) gone(waiting, name);
    expect([groupState(waiting), at(waiting, 'a')]).toEqual(['running.round.waiting', ['backoff.delaying']]);
    leave(waiting);
    expect([groupState(waiting), at(waiting, 'b', 'c')]).toEqual([
      'running.steady',
      ['starting.spawning', 'starting.spawning'],
    ]);
    const stopping = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(stopping, 'a');
    leave(stopping);
    expect([groupState(stopping), groupContext(stopping).triggers]).toEqual(['running.round.stopping', []]);
    for (const name of ['b', 'c']) gone(stopping, name);
    expect([groupState(stopping), at(stopping, 'b', 'c')]).toEqual([
      'running.steady',
      ['starting.spawning', 'starting.spawning'],
    ]);
  });

  it('starts the others without one that is removed from a part of the group', async () => {
    const names = Array.from({ length: 130 }, (_, index) => `s${index}`);
    const many = Object.fromEntries(names.map((name) => [name, []]));
    const one = await connectedGroup(many, { strategy: 'one-for-all' });
    expect(one.server('s129')._parent?.id).toBe('group:web/1');
    fail(one, 's129');
    for (const name of names.slice(0, -1)) gone(one, name);
    expect(groupState(one)).toBe('running.round.waiting');
    const { s129: _, ...others } = many;
    one.plan({
      ...relationsIn(fleetOf(others, { strategy: 'one-for-all' })),
      remove: [{ group: 'web', server: 's129' }],
    });
    expect([groupState(one), at(one, 's0', 's128')]).toEqual(['running.steady', ['starting.spawning', 'idle.queued']]);
    expect(one.context().holders, 'the slot of a server that is gone is free').not.toContain('s129');
  });

  it('forgets a member that is removed from a part of the group while others still end', async () => {
    const names = Array.from({ length: 130 }, (_, index) => `s${index}`);
    const many = Object.fromEntries(names.map((name) => [name, []]));
    const one = await connectedGroup(many, { strategy: 'one-for-all' });
    fail(one, 's0');
    gone(one, 's129');
    expect(groupContext(one)).toMatchObject({ victims: { s128: 1, s129: 1 }, parts: ['group:web/1'] });
    const { s129: _, ...others } = many;
    one.plan({
      ...relationsIn(fleetOf(others, { strategy: 'one-for-all' })),
      remove: [{ group: 'web', server: 's129' }],
    });
    expect([one.serverState('s129'), groupState(one), heldBy(groupContext(one).members, 'group:web/1')]).toEqual([
      null,
      'running.round.stopping',
      ['s128'],
    ]);
    expect(Object.keys(groupContext(one).victims)).toEqual(names.slice(1, -1));
  });

  it('lets a member go that is removed while the round stops it', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(one, 'a');
    gone(one, 'c');
    one.plan({
      ...relationsIn(fleetOf({ a: [], c: [] }, { strategy: 'one-for-all' })),
      remove: [{ group: 'web', server: 'b' }],
    });
    expect(groupState(one), 'its process is not gone yet').toBe('running.round.stopping');
    gone(one, 'b');
    expect([groupState(one), Object.keys(groupContext(one).victims)]).toEqual(['running.round.waiting', ['c']]);
    expect(one.emitted.filter(({ type }) => type === 'server.removed')).toEqual([
      { type: 'server.removed', server: 'b' },
    ]);
    expect(one.serverState('b')).toBeNull();
    one.clock.advance(375);
    one.connect('a');
    expect(rounds(one).at(-1)).toEqual({ type: 'round.closed', started: ['c'] });
  });

  it('gives up its round when a plan makes it one-for-one: members that wait go on', async () => {
    const uncoupled = fleetOf(alone, { strategy: 'one-for-one' });
    const uncouple = (one: Tree) =>
      one.plan({
        ...relationsIn(uncoupled),
        configure: ['a', 'b', 'c'].map((server) => ({
          server,
          policy: policyOf({ related: false }),
          changed: false,
          wanted: null,
        })),
      });
    const stopping = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(stopping, 'a');
    gone(stopping, 'b');
    uncouple(stopping);
    expect([groupState(stopping), at(stopping, 'b')]).toEqual(['running.steady', ['starting.spawning']]);
    expect(groupContext(stopping)).toMatchObject({ triggers: [], victims: {}, policy: { strategy: 'one-for-one' } });
    gone(stopping, 'c');
    stopping.clock.advance(375);
    expect(at(stopping, 'a', 'c')).toEqual(['starting.spawning', 'starting.spawning']);
    const waiting = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(waiting, 'a');
    for (const name of ['b', 'c']) gone(waiting, name);
    uncouple(waiting);
    expect([groupState(waiting), at(waiting, 'b', 'c')]).toEqual([
      'running.steady',
      ['starting.spawning', 'starting.spawning'],
    ]);
    expect(rounds(waiting).at(-1)).toEqual({ type: 'round.closed', started: ['b', 'c'] });
  });

  it('goes on with its round by other settings that still couple it', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(one, 'a');
    one.plan(relationsIn(fleetOf(alone, { strategy: 'rest-for-one' })));
    expect([groupState(one), groupContext(one).policy.strategy, at(one, 'b')]).toEqual([
      'running.round.stopping',
      'rest-for-one',
      ['stopping.closing'],
    ]);
  });

  it('ends like any other group', async () => {
    const one = await connectedGroup(alone, { strategy: 'one-for-all' });
    fail(one, 'a');
    one.send({ type: 'supervisor.shutdown' });
    for (const name of ['b', 'c']) gone(one, name);
    expect(one.state()).toBe('closed');
  });
});

describe('a group whose rounds are spent', () => {
  const two: Words = { a: [], b: [] };
  const policy: PolicyOverrides = { restart: { maxConsecutive: 0, intensity: 0 }, heartbeat: { intervalMs: 0 } };
  const strategy = { strategy: 'rest-for-one', intensity: 1, periodMs: 100_000 } as const;

  async function spent(): Promise<Tree> {
    const one = await connectedGroup(two, strategy, policy);
    passRound(one, 'a', ['b']);
    expect([groupState(one), at(one, 'b'), one.state()]).toEqual([
      'running.steady',
      ['connected.quiet'],
      'running.settled',
    ]);
    fail(one, 'a');
    expect([groupState(one), one.state()]).toEqual(['running.decoupled.watching', 'running.degraded']);
    expect(one.context().degraded).toEqual(['web']);
    return one;
  }

  it('restarts no other member, and the supervisor is degraded', async () => {
    const one = await spent();
    expect(at(one, 'b')).toEqual(['connected.quiet']);
    expect(rounds(one)).toHaveLength(2);
  });

  it('acts as one again when a period has passed without a failure', async () => {
    const one = await spent();
    one.clock.advance(1_000);
    one.connect('a');
    one.clock.advance(59_000);
    fail(one, 'a');
    one.clock.advance(1_500);
    one.connect('a');
    one.clock.advance(98_499);
    expect(groupState(one)).toBe('running.decoupled.watching');
    one.clock.advance(1);
    expect([groupState(one), one.state(), one.context().degraded]).toEqual(['running.steady', 'running.settled', []]);
    expect(groupContext(one).rounds).toEqual([]);
    fail(one, 'a');
    expect(groupState(one)).toBe('running.round.stopping');
  });

  it('acts as one again when a person resets it', async () => {
    const one = await spent();
    one.group('web').send({ type: 'group.reset' });
    expect([groupState(one), one.state(), groupContext(one).rounds]).toEqual(['running.steady', 'running.settled', []]);
  });

  it.each([
    ['strategy', { ...strategy, strategy: 'one-for-all' }],
    ['intensity', { ...strategy, intensity: 2 }],
    ['periodMs', { ...strategy, periodMs: 100_001 }],
  ] as const)('acts as one again when a plan gives it another %s', async (_, web) => {
    const one = await spent();
    one.emitted.length = 0;
    one.plan(relationsIn(fleetOf(two, web)));
    expect(rounds(one)).toEqual([]);
    expect([groupState(one), groupContext(one).rounds]).toEqual(['running.steady', []]);
    expect(groupContext(one).policy).toMatchObject(web);
  });

  it('stays as it is when a plan gives it another member, which it knows', async () => {
    const one = await spent();
    const fleet = fleetOf({ ...two, c: [] }, strategy);
    one.plan(relationsIn(fleet));
    expect([groupState(one), groupContext(one).rounds]).toEqual(['running.decoupled.watching', [1_000]]);
    expect(groupContext(one).policy.order).toEqual(['a', 'b', 'c']);
  });

  it('forgets its rounds by time', async () => {
    const one = await connectedGroup(two, strategy, policy);
    passRound(one, 'a', ['b']);
    one.clock.advance(70_000);
    expect(one.clock.now()).toBe(101_000);
    fail(one, 'a');
    expect(groupState(one), 'the first round is a period old').toBe('running.round.stopping');
  });

  it('has no limit at 0', async () => {
    const one = await connectedGroup(two, { ...strategy, intensity: 0 }, policy);
    for (let round = 1; round <= 3; round += 1) passRound(one, 'a', ['b']);
    expect([groupState(one), one.state()]).toEqual(['running.steady', 'running.settled']);
  });

  it.each(['steady', 'round'])('is forgiven its rounds by a person while it is %s', async (state) => {
    const one = await connectedGroup(two, strategy, policy);
    if (state === 'steady') passRound(one, 'a', ['b']);
    else fail(one, 'a');
    expect(groupState(one)).toContain(state);
    one.group('web').send({ type: 'group.reset' });
    expect(groupContext(one).rounds).toEqual([]);
  });
});
