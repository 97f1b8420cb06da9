/**
 * The supervisor of one group's servers: holds them, and acts as one when a member fails, if its strategy says so.
 *
 * Invariant: a server's actor is let go only when it is idle, so that no session is ever without an actor.
 * Invariant: after an actor's death its successor is spawned only when the reaper has seen its process group gone.
 * Invariant: in a round a member is stopped only when nothing of those that depend on it runs, and started only when
 * nothing of the stopped runs.
 * Invariant: at most `intensity` rounds are opened within `periodMs`; after that the group acts one-for-one until a
 * period passes without a failure, or a person resets it.
 * Invariant: no action here throws: a group outlives every bug of its servers.
 */

import { type GroupPolicy, type GroupReport, plainPolicy } from './group/events.ts';
import type { ActorFailed, ReaperDone } from './group/holding.ts';
import { groupSetup } from './group/round-actions.ts';
import type { Standing } from './server/events.ts';

interface Gone {
  readonly server: string;
}

interface Told extends Gone {
  readonly standing: Standing;
}

const configured = { type: 'configure', params: ({ event }: { event: { policy: GroupPolicy } }) => event } as const;
const letGo = (isRemoval: boolean) =>
  ({ type: 'letGo', params: ({ event }: { event: Gone }) => ({ server: event.server, isRemoval }) }) as const;
const noted = { type: 'note', params: ({ event }: { event: Told }) => event } as const;
const unheld = { type: 'unhold', params: ({ event }: { event: Gone }) => event } as const;
const forgottenMember = { type: 'forgetMember', params: ({ event }: { event: Gone }) => event } as const;
const passedOn = { type: 'passOn', params: ({ event }: { event: GroupReport }) => event } as const;

const state = groupSetup.createStateConfig;

/** Every member lives for itself. */
const steady = state({
  on: {
    'server.lost': { guard: 'isCoupled', actions: [noted, { type: 'judge', params: ({ event }) => event }] },
    'round.opened': 'round',
    'rounds.spent': 'decoupled',
  },
});

/** A member has failed: those that go with it are stopped in reverse order, and start in order when it is through. */
const round = state({
  initial: 'stopping',
  on: {
    'server.lost': { target: '.stopping', actions: [noted, { type: 'join', params: ({ event }) => event }] },
    'group.reset': { actions: 'forgetRounds' },
    // Nobody is told any more what its members do.
    'group.configure': {
      guard: { type: 'uncouples', params: ({ event }) => event },
      target: 'steady',
      actions: ['release', 'closeRound', configured],
    },
    // Removed or moved: the others neither stop nor wait for it any more, even if its name comes back.
    'server.gone': { target: '.stopping', actions: [letGo(true), forgottenMember] },
    'server.removed': { target: '.stopping', actions: [passedOn, forgottenMember] },
  },
  states: {
    stopping: {
      entry: 'stopMembers',
      on: {
        'server.changed': { actions: [noted, 'stopMembers'] },
        'members.left': { actions: 'stopMembers' },
        'members.stopped': 'waiting',
      },
    },
    waiting: {
      entry: 'awaitTriggers',
      on: {
        'server.changed': { actions: [noted, 'awaitTriggers'] },
        'members.left': { actions: 'awaitTriggers' },
        'triggers.settled': { target: '#group.running.steady', actions: 'closeRound' },
      },
    },
  },
});

/** Its rounds are spent: members that fail take nobody along, until a period passes in which none does. */
const decoupled = state({
  initial: 'watching',
  entry: { type: 'tellAbove', params: { type: 'group.degraded' } },
  exit: { type: 'tellAbove', params: { type: 'group.recovered' } },
  states: { watching: { after: { period: { target: '#group.running.steady', actions: 'forgetRounds' } } } },
  on: {
    'server.lost': '.watching',
    'group.reset': { target: 'steady', actions: 'forgetRounds' },
    'group.configure': [
      {
        guard: { type: 'isOtherPolicy', params: ({ event }) => event },
        target: 'steady',
        actions: [configured, 'forgetRounds'],
      },
      { actions: configured },
    ],
  },
});

export const groupMachine = groupSetup.createMachine({
  id: 'group',
  context: ({ input }) => ({
    name: input.name,
    policy: input.policy ?? plainPolicy,
    holder: input.holder,
    members: {},
    parts: [],
    rounds: [],
    triggers: [],
    victims: {},
    isEnding: false,
    departed: 0,
    untold: [],
    spared: [],
  }),
  initial: 'running',
  on: {
    'server.gone': { actions: letGo(false) },
    'server.removed': { actions: passedOn },
    'server.kept': { actions: { type: 'keep', params: ({ event }) => event } },
    'server.died': { actions: { type: 'mourn', params: ({ event }) => event } },
    'group.gone': { actions: { type: 'forgetPart', params: ({ event }) => event } },
    'xstate.error.actor.*': {
      actions: { type: 'bury', params: ({ event }: { event: unknown }) => event as ActorFailed },
    },
    'xstate.done.actor.*': {
      actions: { type: 'revive', params: ({ event }: { event: unknown }) => event as ReaperDone },
    },
    'server.changed': { actions: [noted, unheld] },
    'server.lost': {},
    'members.left': {},
    'group.reset': { actions: 'forgetRounds' },
  },
  states: {
    running: {
      initial: 'steady',
      on: {
        'server.gone': { actions: letGo(true) },
        'group.add': { actions: { type: 'add', params: ({ event }) => event } },
        'group.remove': { actions: { type: 'remove', params: ({ event }) => event } },
        'group.change': { actions: { type: 'change', params: ({ event }) => event } },
        'group.configure': { actions: configured },
        'group.shutdown': { target: 'shutting-down', actions: { type: 'beginEnd', params: ({ event }) => event } },
        'machine.resumed': { actions: { type: 'wake', params: ({ event }) => event } },
      },
      states: { steady, round, decoupled },
    },
    /** Servers that are being reaped get no successor. */
    'shutting-down': {
      initial: 'telling',
      always: { guard: 'isEmpty', target: 'gone' },
      states: {
        telling: {
          entry: 'endSome',
          always: { guard: 'isTold', target: 'told' },
          invoke: { id: 'turn', src: 'turn', onDone: { target: 'telling', reenter: true } },
        },
        told: {},
      },
    },
    gone: { entry: 'reportGone' },
  },
});
