/**
 * The chart of the root: it waits until the store is its own, reaps what an earlier run left behind, passes plans on to the groups, informs servers about
 * their dependencies, grants start slots, takes over the servers of a group that died, and ends everything in time.
 *
 * Invariant: while plans are applied, every group holds a server, or one is on its way to it.
 * Invariant: at most `slots` servers hold a start slot; slots are granted in the order of the requests.
 * Invariant: at shutdown a server is stopped only when nothing of its dependents runs any more.
 * Invariant: from `shutting-down` on no server is added and no slot is granted.
 * Invariant: `closed` is reached at most `shutdownMs` + `killMs` after `supervisor.shutdown`.
 * Invariant: nothing is started, and no client process looked for, before no other control plane uses the store.
 * Invariant: nothing is started unless what an earlier run left behind has been reaped.
 * Invariant: without the client process, if there is one to be, no slot is granted.
 * Invariant: at shutdown the client process is ended when no server is left.
 * Invariant: no action here throws.
 */

import type { ClientReport } from './client-process/events.ts';
import type { ActorFailed, ReaperDone } from './group/holding.ts';
import type { SupervisorEvent } from './supervisor/events.ts';
import { supervisorSetup } from './supervisor/setup.ts';

type Reported = Extract<SupervisorEvent, { type: 'server.changed' | 'server.lost' }>;
interface Named {
  readonly server: string;
}

const noted = { type: 'note', params: ({ event }: { event: Reported }) => event } as const;
const notified = { type: 'notify', params: ({ event }: { event: Named }) => event } as const;
const notifiedGroup = { type: 'notifyGroup', params: ({ event }: { event: Reported }) => event } as const;
const markedAsEnding = {
  type: 'markAsEnding',
  params: ({ event }: { event: Named }) => ({ servers: [event.server] }),
} as const;
const clientNoted = { type: 'noteClient', params: ({ event }: { event: ClientReport }) => event } as const;
const forgotten = [
  { type: 'returnSlot', params: ({ event }: { event: Named }) => event },
  { type: 'forget', params: ({ event }: { event: Named }) => event },
] as const;

const bootFailed = {
  target: '#supervisor.failed',
  actions: { type: 'noteFailure', params: ({ event }: { event: { readonly error: unknown } }) => event },
} as const;

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
    clientProcess: input.clientProcess ?? null,
    client: input.clientProcess ? { standing: 'down', nextRetryAt: null, isCareful: false } : null,
    clientEnd: null,
    problem: null,
  }),
  initial: 'booting',
  on: {
    'slot.wanted': {},
    'slots.due': {},
    'clearances.due': {},
    'client.changed': { actions: clientNoted },
    'slot.returned': { actions: { type: 'returnSlot', params: ({ event }) => event } },
    'server.changed': {},
    'server.lost': {},
    'server.kept': { actions: { type: 'keep', params: ({ event }) => event } },
    'server.gone': { actions: { type: 'letGo', params: ({ event }) => event } },
    'server.died': {},
    'servers.died': {},
    'group.degraded': { actions: { type: 'degrade', params: ({ event }) => event } },
    'group.recovered': { actions: { type: 'recover', params: ({ event }) => event } },
    'group.broken': { actions: { type: 'emitGroupDied', params: ({ event }) => event } },
    'server.removed': {},
    'group.gone': { actions: { type: 'forgetGroup', params: ({ event }) => event } },
    'xstate.error.actor.*': {
      actions: { type: 'handleDeath', params: ({ event }: { event: unknown }) => event as ActorFailed },
    },
    'xstate.done.actor.*': {
      actions: { type: 'handleReaped', params: ({ event }: { event: unknown }) => event as ReaperDone },
    },
  },
  states: {
    booting: {
      description: 'No server is started yet.',
      initial: 'claiming',
      on: {
        'supervisor.shutdown': [
          { guard: 'hasClient', target: 'shutting-down', actions: 'endAll' },
          { target: 'closed' },
        ],
        'supervisor.leave': { guard: 'hasClient', target: 'leaving' },
      },
      states: {
        claiming: {
          description: 'As long as another control plane uses the store, it is waited for.',
          invoke: { id: 'claim', src: 'claim', onDone: 'reaping', onError: bootFailed },
        },
        reaping: {
          description: 'What an earlier run left behind is being reaped.',
          invoke: { id: 'reap', src: 'reap', onDone: '#supervisor.running', onError: bootFailed },
          entry: 'startClient',
        },
      },
    },
    running: {
      description: 'Plans are applied, and start slots are granted in the order of the requests.',
      initial: 'settled',
      on: {
        'plan.apply': {
          actions: [
            { type: 'apply', params: ({ event }) => event },
            { type: 'relate', params: ({ event }) => event },
            { type: 'limitEnd', params: ({ event }) => event },
            { type: 'configureClient', params: ({ event }) => event },
            'notifyAdded',
          ],
        },
        'server.changed': { actions: [noted, notified, notifiedGroup] },
        'server.lost': { actions: [noted, notified, notifiedGroup] },
        'slot.wanted': {
          actions: [
            { type: 'wantSlot', params: ({ event }) => event },
            { type: 'notifyApplicant', params: ({ event }) => event },
            'offerSlots',
          ],
        },
        'slot.returned': { actions: [{ type: 'returnSlot', params: ({ event }) => event }, 'offerSlots'] },
        'client.changed': { actions: [clientNoted, 'notifyOfClient', 'offerSlots'] },
        'clearances.due': { actions: 'notifyOfClient' },
        'slots.due': [{ guard: 'hasHeard', actions: 'offerAgain' }, { actions: 'grantSlots' }],
        'server.died': { actions: [markedAsEnding, notified, 'offerSlots'] },
        'servers.died': {
          actions: [
            { type: 'markAsEnding', params: ({ event }) => event },
            { type: 'notifyAll', params: ({ event }) => event },
            'offerSlots',
          ],
        },
        'server.removed': {
          guard: { type: 'hasLeft', params: ({ event }) => event },
          actions: [
            ...forgotten,
            { type: 'endGroup', params: ({ event }) => event },
            { type: 'move', params: ({ event }) => event },
            'offerSlots',
          ],
        },
        'machine.resumed': { actions: { type: 'wake', params: ({ event }) => event } },
        'supervisor.shutdown': { target: 'shutting-down', actions: 'endAll' },
        'supervisor.leave': { guard: 'hasClient', target: 'leaving' },
      },
      states: {
        settled: { always: { guard: 'isDegraded', target: 'degraded' } },
        /** A group has used up its rounds and acts one-for-one. */
        degraded: { always: { guard: 'isSettled', target: 'settled' } },
      },
    },
    /**
     * All servers are ended, dependents first. What has not ended in time is killed, and what survives that is left to
     * the next boot.
     */
    'shutting-down': {
      description: 'All servers are being ended, dependents first; what has not ended in time is killed.',
      initial: 'ending',
      always: { guard: 'isOver', target: 'closed' },
      on: {
        'server.changed': { actions: [noted, 'endSpared'] },
        'server.removed': { actions: [...forgotten, 'endSpared'] },
      },
      states: {
        ending: {
          always: [
            { guard: 'isClientLost', target: 'killing' },
            { guard: 'isClientDue', actions: 'endClient' },
          ],
          after: { shutdown: 'killing' },
        },
        killing: { invoke: { id: 'killAll', src: 'killAll' }, after: { kill: '#supervisor.closed' } },
      },
    },
    leaving: {
      description: 'The client process is left, with all servers, to another control plane.',
      entry: 'leaveClient',
      exit: 'dropServers',
      always: { guard: 'isLeft', target: 'closed' },
      after: { leave: 'closed' },
    },
    closed: { description: 'Nothing runs any more, or what still runs has been left to the next boot.' },
    failed: {
      description: 'What an earlier run left behind could not be reaped, or what is kept could not be read.',
      on: {
        'supervisor.shutdown': [
          { guard: 'hasClient', target: 'shutting-down', actions: 'endAll' },
          { target: 'closed' },
        ],
      },
    },
  },
});
