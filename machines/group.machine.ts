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

interface Gone {
  readonly server: string;
}

const configured = { type: 'configure', params: ({ event }: { event: { policy: GroupPolicy } }) => event } as const;
const letGo = { type: 'letGo', params: ({ event }: { event: Gone }) => event } as const;
const toldRemoval = { type: 'tellRemoval', params: ({ event }: { event: Gone }) => event } as const;
const forgottenMember = { type: 'forgetMember', params: ({ event }: { event: Gone }) => event } as const;
const passedOn = { type: 'passOn', params: ({ event }: { event: GroupReport }) => event } as const;

const state = groupSetup.createStateConfig;

/** Every member lives for itself. */
const steady = state({
  on: {
    'server.lost': { guard: 'isCoupled', actions: { type: 'judge', params: ({ event }) => event } },
    'round.opened': 'round',
    'rounds.spent': 'decoupled',
  },
});

/** A member has failed: those that go with it are stopped in reverse order, and start in order when it is through. */
const round = state({
  initial: 'stopping',
  on: {
    'server.lost': { target: '.stopping', actions: { type: 'join', params: ({ event }) => event } },
    'group.reset': { actions: 'forgetRounds' },
    // Nobody is told any more what its members do.
    'group.configure': {
      guard: { type: 'uncouples', params: ({ event }) => event },
      target: 'steady',
      actions: ['release', 'closeRound', configured],
    },
    // Removed or moved: the others neither stop nor wait for it any more, even if its name comes back.
    'server.gone': { target: '.stopping', actions: [letGo, toldRemoval, forgottenMember] },
    'server.removed': { target: '.stopping', actions: [passedOn, forgottenMember] },
  },
  states: {
    stopping: {
      entry: 'stopMembers',
      on: { 'server.changed': { actions: 'stopMembers' }, 'members.stopped': 'waiting' },
    },
    waiting: {
      entry: 'awaitTriggers',
      on: {
        'server.changed': { actions: 'awaitTriggers' },
        'triggers.settled': { target: '#group.running.steady', actions: 'closeRound' },
      },
    },
  },
});

/** Its rounds are spent: members that fail take nobody along, until a period passes in which none does. */
const decoupled = state({
  initial: 'watching',
  entry: 'reportDegraded',
  exit: 'reportRecovered',
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
    dead: {},
    deaths: {},
    charges: 0,
    parts: {},
    rounds: [],
    triggers: [],
    victims: {},
    untold: [],
    spared: [],
  }),
  initial: 'running',
  on: {
    'server.gone': { actions: letGo },
    'server.removed': { actions: passedOn },
    'group.broken': { actions: passedOn },
    'group.gone': { actions: { type: 'forgetPart', params: ({ event }) => event } },
    'xstate.error.actor.*': {
      actions: { type: 'bury', params: ({ event }: { event: unknown }) => event as ActorFailed },
    },
    'xstate.done.actor.*': {
      actions: { type: 'revive', params: ({ event }: { event: unknown }) => event as ReaperDone },
    },
    'server.changed': {},
    'server.lost': {},
    'group.reset': { actions: 'forgetRounds' },
  },
  states: {
    running: {
      initial: 'steady',
      on: {
        'server.gone': { actions: [letGo, toldRemoval] },
        'group.add': { actions: { type: 'add', params: ({ event }) => event } },
        'group.remove': { actions: { type: 'remove', params: ({ event }) => event } },
        'group.configure': { actions: configured },
        'group.shutdown': { target: 'shutting-down', actions: { type: 'beginEnd', params: ({ event }) => event } },
        'machine.resumed': { actions: { type: 'wake', params: ({ event }) => event } },
      },
      states: { steady, round, decoupled },
    },
    /** Whoever is being reaped has no successor any more. */
    'shutting-down': {
      initial: 'telling',
      entry: 'forgetDead',
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
