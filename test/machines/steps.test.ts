import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, initialTransition, type SnapshotFrom, transition } from 'xstate';
import type { GroupEvent, GroupPolicy } from '../../machines/group/events.ts';
import { plainPolicy } from '../../machines/group/events.ts';
import { asMember } from '../../machines/group/rounds.ts';
import type { Standing } from '../../machines/server/events.ts';
import type { Steps, SupervisorEvent } from '../../machines/supervisor/events.ts';
import { charts, policyOf, stateText } from '../support/charts/chart.ts';

/** A step of a chart as data: nothing runs, and nothing is sent. */
interface Step<Snapshot> {
  readonly snapshot: Snapshot;
  /** The actions to be executed, in a few words. */
  readonly effects: readonly string[];
}

const moment = { at: 1_000, random: 0.5 };
const input = (name: string, related = false) => ({ name, policy: policyOf({ related }), wanted: 'up' as const });

function textOf({ type, params }: { readonly type: string; readonly params: unknown }): string {
  const { id, src, targetId, event, actorRef } = (params ?? {}) as {
    readonly id?: string;
    readonly src?: string;
    readonly targetId?: string;
    readonly actorRef?: { readonly id: string };
    readonly event?: { readonly type: string };
  };
  if (type === 'xstate.spawnChild') return `spawn ${src} ${id}`;
  if (type === 'xstate.sendTo') return `${event?.type} to ${targetId ?? 'itself'}`;
  if (type === 'xstate.stopChild')
    return `stop ${(params as { readonly id?: string } | undefined)?.id ?? actorRef?.id}`;
  return `${type.replace('xstate.', '')} ${event?.type ?? ''}`.trim();
}

function take<Machine extends AnyStateMachine>(machine: Machine, snapshot: SnapshotFrom<Machine>, event: object) {
  const [next, actions] = transition(machine, snapshot, event as never);
  return { snapshot: next as SnapshotFrom<Machine>, effects: actions.map(textOf) };
}

describe('a step of the root', () => {
  type Snapshot = SnapshotFrom<typeof charts.supervisor>;
  const send = (snapshot: Snapshot, event: SupervisorEvent | { readonly type: string }): Step<Snapshot> =>
    take(charts.supervisor, snapshot, event);
  const claiming = () => initialTransition(charts.supervisor, { slots: 1, shutdownMs: 9 })[0] as Snapshot;
  const booting = () => send(claiming(), { type: 'xstate.done.actor.claim' }).snapshot;
  const running = (steps: Partial<Steps> = {}): Step<Snapshot> => {
    const { snapshot } = send(booting(), { type: 'xstate.done.actor.reap' });
    return send(snapshot, { type: 'plan.apply', steps: { add: [], configure: [], remove: [], ...steps }, ...moment });
  };
  const twoServers = (related = false) =>
    running({ add: ['a', 'b'].map((name) => ({ group: 'web', server: input(name, related) })) });
  const members = (snapshot: Snapshot) => Object.entries(snapshot.context.members);

  it('that adds servers spawns their groups and gives each its servers', () => {
    const { snapshot, effects } = running({
      add: [
        { group: 'web', server: input('a') },
        { group: 'db', server: input('b') },
        { group: 'web', server: input('c') },
      ],
    });
    expect(effects).toEqual([
      'spawn group group:web',
      'group.add to group:web',
      'spawn group group:db',
      'group.add to group:db',
    ]);
    expect(members(snapshot).map(([name, { holder, isDead, standing }]) => [name, holder, isDead, standing])).toEqual([
      ['a', 'group:web', false, null],
      ['c', 'group:web', false, null],
      ['b', 'group:db', false, null],
    ]);
  });

  it.each<[string, Partial<Steps>, readonly string[]]>([
    ['removes one', { remove: [{ group: 'web', server: 'a' }] }, ['group.remove to group:web']],
    [
      'configures one',
      { configure: [{ server: 'a', policy: policyOf(), changed: false, wanted: null }] },
      ['group.change to group:web'],
    ],
    ['configures a stranger', { configure: [{ server: 'x', policy: policyOf(), changed: true, wanted: null }] }, []],
    ['adds one again', { add: [{ group: 'web', server: input('a') }] }, ['group.add to group:web']],
    ['has other groups', { groups: { web: plainPolicy, db: plainPolicy } }, ['group.configure to group:web']],
    [
      'moves one',
      { remove: [{ group: 'web', server: 'a' }], add: [{ group: 'db', server: input('a') }] },
      ['group.remove to group:web'],
    ],
    ['removes a stranger', { remove: [{ group: 'no', server: 'x' }] }, ['emit server.removed']],
  ])('that %s tells its group', (_, steps, effects) => {
    const step = send(twoServers().snapshot, {
      type: 'plan.apply',
      steps: { add: [], configure: [], remove: [], ...steps },
      ...moment,
    });
    expect(step.effects.filter((effect) => !effect.startsWith('raise'))).toEqual(effects);
  });

  it('with the standing of a server stores it, and passes it on to its group', () => {
    const { snapshot } = twoServers(true);
    const step = send(snapshot, { type: 'server.changed', server: 'a', standing: standing({ phase: 'connected' }) });
    expect(step.snapshot.context.members.a?.standing?.phase).toBe('connected');
    expect(step.snapshot.context.members.b?.standing).toBeNull();
  });

  it('with a report of an unknown server, or of one related to no other, changes nothing', () => {
    for (const [snapshot, server] of [
      [twoServers(true).snapshot, 'x'],
      [twoServers(false).snapshot, 'a'],
    ] as const) {
      const step = send(snapshot, { type: 'server.changed', server, standing: standing({}) });
      expect(step.snapshot.context.members).toEqual(snapshot.context.members);
    }
  });

  it('with a death counts what is left of the server as ending, and its slot as free', () => {
    const { snapshot } = twoServers(true);
    const up = send(snapshot, { type: 'server.changed', server: 'a', standing: standing({ phase: 'starting' }) });
    const holding = send(up.snapshot, { type: 'slot.wanted', server: 'a' });
    expect(holding.snapshot.context.holders).toEqual(['a']);
    const step = send(holding.snapshot, { type: 'server.died', server: 'a' });
    expect([step.snapshot.context.holders, step.snapshot.context.members.a?.standing?.phase]).toEqual([[], 'ending']);
  });

  it('that offers slots where servers depend on each other awaits reports on the way first', () => {
    const { snapshot } = running({
      add: [{ group: 'web', server: input('a', true) }],
      dependencies: { b: ['a'] },
    });
    const wanted = send(snapshot, { type: 'slot.wanted', server: 'a' });
    expect([wanted.effects, wanted.snapshot.context.holders]).toEqual([['slots.due to itself'], []]);
    const heard = send(wanted.snapshot, { type: 'server.changed', server: 'a', standing: standing({}) });
    const again = send(heard.snapshot, { type: 'slots.due' });
    expect([again.effects, again.snapshot.context.holders]).toEqual([['slots.due to itself'], []]);
    expect(send(again.snapshot, { type: 'slots.due' }).snapshot.context.holders).toEqual(['a']);
  });

  it('in which a group dies takes over its servers and reaps them', () => {
    const { snapshot } = twoServers();
    const step = send(snapshot, died('group:web'));
    expect(step.effects.filter((effect) => !effect.startsWith('raise'))).toEqual([
      'emit group.died',
      'stop group:web',
      'spawn reaper reaper:a',
      'spawn reaper reaper:b',
    ]);
    expect(members(step.snapshot).map(([name, { holder, isDead }]) => [name, holder, isDead])).toEqual([
      ['a', 'supervisor', true],
      ['b', 'supervisor', true],
    ]);
    const reaped = send(step.snapshot, gone('reaper:a'));
    expect(reaped.effects).toEqual(['stop reaper:a', 'spawn group group:web', 'group.add to group:web']);
    expect(send(reaped.snapshot, gone('reaper:b')).effects).toEqual(['stop reaper:b', 'group.add to group:web']);
  });

  it('in which a group dies a third time within a minute holds its servers itself', () => {
    let { snapshot } = twoServers();
    for (let death = 1; death <= 2; death += 1) {
      snapshot = send(snapshot, died('group:web')).snapshot;
      for (const name of ['a', 'b']) snapshot = send(snapshot, gone(`reaper:${name}`)).snapshot;
    }
    snapshot = send(snapshot, died('group:web')).snapshot;
    const step = send(snapshot, gone('reaper:a'));
    expect(step.effects).toEqual(['stop reaper:a', 'spawn server server:a']);
    expect(step.snapshot.context.members.a).toMatchObject({ holder: 'supervisor', isDead: false });
    expect(send(step.snapshot, { type: 'machine.resumed', ...moment }).effects).toEqual([
      'machine.resumed to server:a',
    ]);
    expect(send(snapshot, gone('reaper:a', 61_001)).effects).toContain('group.add to group:web');
  });

  it('that fails to reap begins nothing', () => {
    const { snapshot } = send(booting(), { type: 'xstate.error.actor.reap', error: new Error('no') } as never);
    expect([stateText(snapshot.value), snapshot.context.problem]).toEqual(['failed', 'no']);
    const plan = { type: 'plan.apply', steps: { add: [], configure: [], remove: [] }, ...moment } as const;
    expect(send(snapshot, plan).effects).toEqual([]);
  });
});

describe('a step of a group', () => {
  type Snapshot = SnapshotFrom<typeof charts.group>;
  const coupled: GroupPolicy = { ...plainPolicy, strategy: 'one-for-all', order: ['a', 'b'] };
  const send = (snapshot: Snapshot, event: GroupEvent | { readonly type: string }): Step<Snapshot> =>
    take(charts.group, snapshot, event);
  const holding = (names: readonly string[], policy: GroupPolicy = coupled) => {
    const [born] = initialTransition(charts.group, { name: 'web', holder: 'supervisor', policy });
    return send(born as Snapshot, { type: 'group.add', servers: names.map((name) => input(name, true)), ...moment });
  };
  const connected = (names: readonly string[], policy?: GroupPolicy) =>
    names.reduce(
      (snapshot, server) =>
        send(snapshot, { type: 'server.changed', server, standing: standing({ phase: 'connected' }) }).snapshot,
      holding(names, policy).snapshot,
    );
  const lost = { type: 'server.lost', server: 'a', standing: standing({ phase: 'ending' }), ...moment } as const;

  it('that is given servers spawns them, and a part for those above 128', () => {
    const names = Array.from({ length: 129 }, (_, index) => `s${index}`);
    const { effects, snapshot } = holding(names);
    expect(effects.slice(127)).toEqual([
      'spawn server server:s127',
      'spawn part group:web/1',
      'group.add to group:web/1',
    ]);
    expect(snapshot.context.members.s128?.holder).toBe('group:web/1');
  });

  it.each([
    ['one-for-all', 'running.round.stopping'],
    ['rest-for-one', 'running.round.stopping'],
    ['one-for-one', 'running.steady'],
  ] as const)('that hears of a failure, with strategy %s, leads to %s', (strategy, state) => {
    const { snapshot } = send(connected(['a', 'b'], { ...coupled, strategy }), lost);
    expect(stateText(snapshot.value)).toBe(state);
    if (strategy !== 'one-for-one') expect(snapshot.context.members.a?.standing?.phase).toBe('ending');
    expect(snapshot.context.victims).toEqual(strategy === 'one-for-one' ? {} : { b: 1 });
  });

  it('with a failure while no other member runs opens no round', () => {
    const { snapshot } = send(connected(['a']), lost);
    expect(stateText(snapshot.value)).toBe('running.steady');
  });

  it.each([
    ['resting', 'running.round.waiting'],
    ['ending', 'running.round.stopping'],
    ['stuck', 'running.round.waiting'],
  ] as const)('of a round that hears that its victim is %s leads to %s', (phase, state) => {
    const { snapshot } = send(connected(['a', 'b']), lost);
    const step = send(snapshot, { type: 'server.changed', server: 'b', standing: standing({ phase }) });
    expect(stateText(step.snapshot.value)).toBe(state);
  });

  it('of a round with a death in a part waits for that member no longer', () => {
    const names = Array.from({ length: 129 }, (_, index) => `s${index}`);
    const { snapshot } = ['s0', 's128'].reduce(
      (step, server) =>
        send(step.snapshot, { type: 'server.changed', server, standing: standing({ phase: 'connected' }) }),
      holding(names, { ...coupled, order: names }),
    );
    const round = send(snapshot, { ...lost, server: 's0' });
    expect([stateText(round.snapshot.value), round.snapshot.context.victims]).toEqual([
      'running.round.stopping',
      { s128: 1 },
    ]);
    const step = send(round.snapshot, { type: 'server.died', server: 's128' });
    expect(stateText(step.snapshot.value)).toBe('running.round.waiting');
    expect(step.snapshot.context.members.s128?.standing).toBeNull();
  });

  it.each<[Partial<Standing>, ReturnType<typeof asMember>['phase'], boolean]>([
    [{ phase: 'connected' }, 'up', true],
    [{ phase: 'starting' }, 'up', false],
    [{ phase: 'starting', wanted: 'down' }, 'up', false],
    [{ phase: 'ending' }, 'ending', false],
    [{ phase: 'ending', wanted: 'down' }, 'ending', true],
    [{ phase: 'ending', blockedBy: { server: 'd', standing: 'failed' } }, 'ending', false],
    [{ phase: 'stuck' }, 'gone', false],
    [{ phase: 'due', blockedBy: { server: 'd', standing: 'failed' } }, 'gone', true],
    [{ phase: 'due' }, 'gone', false],
    [{ phase: 'delaying' }, 'gone', false],
    [{ phase: 'waiting' }, 'gone', false],
    [{ phase: 'resting' }, 'gone', true],
    [{ phase: 'failed' }, 'gone', true],
    [{ phase: 'needs-auth' }, 'gone', true],
  ])('takes a member of which it heard %o to be %s, settled: %s', (changes, phase, settled) => {
    expect(asMember(standing(changes))).toEqual({ generation: 1, phase, settled });
  });

  it('counts a member that has reported nothing as gone', () => {
    expect(asMember(null)).toEqual({ generation: 0, phase: 'gone', settled: true });
  });

  it('in which a server dies reaps it, and its successor has the last wish', () => {
    const { snapshot } = send(connected(['a']), { type: 'server.kept', server: 'a', wanted: 'down' });
    const step = send(snapshot, died('server:a'));
    expect(step.effects.filter((effect) => !effect.startsWith('raise'))).toEqual([
      'stop server:a',
      'emit actor.died',
      'spawn reaper reaper:a',
    ]);
    const reaped = send(step.snapshot, gone('reaper:a'));
    expect(reaped.effects).toEqual(['stop reaper:a', 'spawn server server:a']);
    expect(reaped.snapshot.context.members.a).toMatchObject({
      input: { wanted: 'down', generation: 4 },
      isDead: false,
      standing: null,
    });
  });

  it('with a report of an actor that a dead holder left behind removes no server', () => {
    const { snapshot } = send(connected(['a']), died('server:a'));
    expect(send(snapshot, { type: 'server.gone', server: 'a' }).effects).toEqual([]);
    expect(send(snapshot, { type: 'server.gone', server: 'x' }).effects).toEqual([]);
  });
});

function died(actorId: string) {
  return { type: `xstate.error.actor.${actorId}`, actorId, error: new Error('a bug') };
}

function gone(actorId: string, at = 1_000) {
  return { type: `xstate.done.actor.${actorId}`, actorId, output: { at, random: 0.5, generation: 4 } };
}

function standing(changes: Partial<Standing>): Standing {
  return {
    phase: 'resting',
    generation: 1,
    wanted: 'up',
    next: 'idle',
    lazy: false,
    hasFinished: false,
    isUrgent: false,
    waitingFor: [],
    blockedBy: null,
    heldFor: [],
    heldAwake: false,
    isApproved: true,
    ...changes,
  };
}
