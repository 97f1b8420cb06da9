/**
 * The root: reaps what an earlier life left, carries plans to the groups, tells servers how their dependencies stand,
 * hands out start slots, takes over the servers of a group that died, and ends everything within its deadline.
 *
 * Invariant: at most `slots` servers hold a start slot; a slot is given in the order it was asked for.
 * Invariant: at the end a server is told to stop only when nothing of those that depend on it runs.
 * Invariant: from `shutting-down` on nothing is added and no slot is given.
 * Invariant: `closed` is reached at most `shutdownMs` + `killMs` after `supervisor.shutdown`.
 * Invariant: nothing is started when it is not known what an earlier life left behind.
 * Invariant: no action here throws.
 */

import type { ActorFailed, ReaperDone } from './group/holding.ts';
import type { SupervisorEvent } from './supervisor/events.ts';
import { supervisorSetup } from './supervisor/setup.ts';

type Told = Extract<SupervisorEvent, { type: 'server.changed' | 'server.lost' }>;
interface Named {
  readonly server: string;
}

const noted = { type: 'note', params: ({ event }: { event: Told }) => event } as const;
const told = { type: 'tell', params: ({ event }: { event: Named }) => event } as const;
const toldToGroup = { type: 'tellGroup', params: ({ event }: { event: Told }) => event } as const;
const mourned = {
  type: 'mourn',
  params: ({ event }: { event: Named }) => ({ servers: [event.server] }),
} as const;
const forgotten = [
  { type: 'returnSlot', params: ({ event }: { event: Named & { readonly group: string } }) => event },
  { type: 'forget', params: ({ event }: { event: Named & { readonly group: string } }) => event },
] as const;

export const supervisorMachine = supervisorSetup.createMachine({
  id: 'supervisor',
  context: ({ input }) => ({
    ...input,
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
  }),
  initial: 'booting',
  on: {
    'slot.wanted': {},
    'slots.due': {},
    'slot.returned': { actions: { type: 'returnSlot', params: ({ event }) => event } },
    'server.changed': {},
    'server.lost': {},
    'server.kept': { actions: { type: 'keep', params: ({ event }) => event } },
    'server.gone': { actions: { type: 'letGo', params: ({ event }) => event } },
    'server.died': {},
    'servers.died': {},
    'group.degraded': { actions: { type: 'degrade', params: ({ event }) => event } },
    'group.recovered': { actions: { type: 'recover', params: ({ event }) => event } },
    'group.broken': { actions: { type: 'tellBroken', params: ({ event }) => event } },
    'server.removed': {},
    'group.gone': { actions: { type: 'forgetGroup', params: ({ event }) => event } },
    'xstate.error.actor.*': {
      actions: { type: 'bury', params: ({ event }: { event: unknown }) => event as ActorFailed },
    },
    'xstate.done.actor.*': {
      actions: { type: 'revive', params: ({ event }: { event: unknown }) => event as ReaperDone },
    },
  },
  states: {
    booting: {
      invoke: {
        id: 'reap',
        src: 'reap',
        onDone: 'running',
        onError: { target: 'failed', actions: { type: 'noteFailure', params: ({ event }) => event } },
      },
      on: { 'supervisor.shutdown': 'closed' },
    },
    running: {
      initial: 'settled',
      on: {
        'plan.apply': {
          actions: [
            { type: 'apply', params: ({ event }) => event },
            { type: 'relate', params: ({ event }) => event },
            { type: 'limitEnd', params: ({ event }) => event },
          ],
        },
        'server.changed': { actions: [noted, told, toldToGroup] },
        'server.lost': { actions: [noted, told, toldToGroup] },
        'slot.wanted': { actions: [{ type: 'wantSlot', params: ({ event }) => event }, 'offerSlots'] },
        'slot.returned': { actions: [{ type: 'returnSlot', params: ({ event }) => event }, 'offerSlots'] },
        'slots.due': [{ guard: 'hasHeard', actions: 'offerAgain' }, { actions: 'grantSlots' }],
        'server.died': { actions: [mourned, told, 'offerSlots'] },
        'servers.died': {
          actions: [
            { type: 'mourn', params: ({ event }) => event },
            { type: 'tellDependents', params: ({ event }) => event },
            'offerSlots',
          ],
        },
        'server.removed': {
          actions: [...forgotten, { type: 'move', params: ({ event }) => event }, 'offerSlots'],
        },
        'machine.resumed': { actions: { type: 'wake', params: ({ event }) => event } },
        'supervisor.shutdown': { target: 'shutting-down', actions: 'endAll' },
      },
      states: {
        settled: { always: { guard: 'isDegraded', target: 'degraded' } },
        /** A group has spent its rounds and acts one-for-one. */
        degraded: { always: { guard: 'isSettled', target: 'settled' } },
      },
    },
    /**
     * Every server is being ended, dependents first; what is not gone in time is killed, and then left to the next
     * boot.
     */
    'shutting-down': {
      initial: 'ending',
      always: { guard: 'isAlone', target: 'closed' },
      on: {
        'server.changed': { actions: [noted, 'endSpared'] },
        'server.removed': { actions: [...forgotten, 'endSpared'] },
      },
      states: {
        ending: { after: { shutdown: 'killing' } },
        killing: { invoke: { id: 'killAll', src: 'killAll' }, after: { kill: '#supervisor.closed' } },
      },
    },
    closed: {},
    failed: { on: { 'supervisor.shutdown': 'closed' } },
  },
});
