/**
 * The chart of one group: it holds the servers of the group, and restarts members together if its strategy says so.
 *
 * Invariant: a server's actor is stopped only when it is idle, so that no session is ever without an actor.
 * Invariant: after an actor died, its successor is spawned only when the reaper has seen its process group gone.
 * Invariant: in a round a member is stopped only when nothing of its dependents runs, and started only when nothing of
 * the stopped members runs.
 * Invariant: at most `intensity` rounds are opened within `periodMs`; after that the group acts one-for-one until a
 * period passes without a failure, or a person resets the group.
 * Invariant: no action here throws: a group outlives every bug of its servers.
 */

import { type GroupPolicy, type GroupReport, plainPolicy } from './group/events.ts';
import type { ActorFailed, ReaperDone } from './group/holding.ts';
import { groupSetup } from './group/round-actions.ts';
import type { Standing } from './server/events.ts';

interface Named {
  readonly server: string;
}

interface Reported extends Named {
  readonly standing: Standing;
}

const configured = { type: 'configure', params: ({ event }: { event: { policy: GroupPolicy } }) => event } as const;
const letGo = (isRemoval: boolean) =>
  ({ type: 'letGo', params: ({ event }: { event: Named }) => ({ server: event.server, isRemoval }) }) as const;
const noted = { type: 'note', params: ({ event }: { event: Reported }) => event } as const;
const released = { type: 'releaseMember', params: ({ event }: { event: Named }) => event } as const;
const forgottenMember = { type: 'forgetMember', params: ({ event }: { event: Named }) => event } as const;
const passedOn = { type: 'passOn', params: ({ event }: { event: GroupReport }) => event } as const;

const state = groupSetup.createStateConfig;

/** No round is under way. */
const steady = state({
  on: {
    'server.lost': { guard: 'isCoupled', actions: [noted, { type: 'openRound', params: ({ event }) => event }] },
    'round.opened': 'round',
    'rounds.spent': 'decoupled',
  },
});

/** A member failed: the affected members are stopped in reverse order, and started in order once it has settled. */
const round = state({
  initial: 'stopping',
  on: {
    'server.lost': { target: '.stopping', actions: [noted, { type: 'joinRound', params: ({ event }) => event }] },
    'group.reset': { actions: 'forgetRounds' },
    // From now on its members do not report their steps any more.
    'group.configure': {
      guard: { type: 'uncouples', params: ({ event }) => event },
      target: 'steady',
      actions: ['releaseMembers', 'closeRound', configured],
    },
    // Removed or moved: the round does not stop or wait for it any more, even if a server of this name is added again.
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

/** Its rounds are used up: members restart alone until a period passes in which none fails. */
const decoupled = state({
  initial: 'watching',
  entry: { type: 'report', params: { type: 'group.degraded' } },
  exit: { type: 'report', params: { type: 'group.recovered' } },
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
    'server.died': { actions: { type: 'noteDeath', params: ({ event }) => event } },
    'group.gone': { actions: { type: 'forgetPart', params: ({ event }) => event } },
    'xstate.error.actor.*': {
      actions: { type: 'handleDeath', params: ({ event }: { event: unknown }) => event as ActorFailed },
    },
    'xstate.done.actor.*': {
      actions: { type: 'handleReaped', params: ({ event }: { event: unknown }) => event as ReaperDone },
    },
    'server.changed': { actions: [noted, released] },
    'server.lost': {},
    'members.left': {},
    'group.reset': { actions: 'forgetRounds' },
  },
  states: {
    running: {
      description: 'Servers are added, changed and removed.',
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
      description: 'Every server is being ended; none is added, and none gets a successor.',
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
    gone: { description: 'No server and no reaper is left.', entry: 'reportGone' },
  },
});
