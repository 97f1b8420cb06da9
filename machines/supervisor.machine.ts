/**
 * The root: reaps what an earlier life left, carries plans to the groups, hands out start slots, and ends everything within its deadline.
 *
 * Invariant: at most `slots` servers hold a start slot; a slot is given in the order it was asked for.
 * Invariant: from `shutting-down` on nothing is added and no slot is given.
 * Invariant: `closed` is reached at most `shutdownMs` + `killMs` after `supervisor.shutdown`.
 * Invariant: no action here throws.
 */

import { type AnyActorRef, assign, enqueueActions, fromPromise, setup } from 'xstate';
import { type GroupReport, groupMachine } from './group.machine.ts';
import type { Moment, ServerEvent, ServerInput, ServerReport, Wanted } from './server-events.ts';
import type { Configuration } from './server-plan.ts';
import { grantSlots, returnSlot, wantSlot } from './start-slots.ts';

/** What a plan does, in the words of the charts. A server whose group changes is in `remove` and in `add`. */
export interface Steps {
  /** `keepsWish`: the server only moves, and the operator's wish moves with it. */
  readonly add: readonly { readonly group: string; readonly server: ServerInput; readonly keepsWish?: boolean }[];
  readonly configure: readonly (Configuration & { readonly server: string })[];
  readonly remove: readonly { readonly group: string; readonly server: string }[];
}

export type SupervisorEvent =
  | (Moment & { readonly type: 'plan.apply'; readonly steps: Steps })
  | (Moment & { readonly type: 'supervisor.shutdown' })
  | (Moment & { readonly type: 'machine.resumed' })
  | Exclude<ServerReport, { type: 'server.gone' }>
  | GroupReport;

/** A group died by a bug: its servers are to be reaped and added again by whoever keeps the desired state. */
export interface SupervisorEmitted {
  readonly type: 'group.died';
  readonly group: string;
  readonly message: string;
}

export interface SupervisorContext {
  /** Servers that may be in `starting` at a time on our own account. */
  readonly slots: number;
  readonly shutdownMs: number;
  readonly holders: readonly string[];
  readonly queue: readonly string[];
  readonly groups: readonly string[];
  /** Servers to add again as soon as their old actor, in another group, has gone. */
  readonly moving: readonly (Moment & Steps['add'][number])[];
}

export interface SupervisorInput {
  readonly slots: number;
  readonly shutdownMs: number;
}

const groupId = (group: string) => `group:${group}`;
const serverId = (server: string) => `server:${server}`;

/** From KILL to every known group to `closed`, whatever is left, in milliseconds. */
const killMs = 2_000;

const supervisorSetup = setup({
  types: {} as { context: SupervisorContext; events: SupervisorEvent; input: SupervisorInput; emitted: SupervisorEmitted },
  actors: {
    group: groupMachine,
    /** Ends the processes an earlier life left behind; `src/supervisor` provides it. */
    reap: fromPromise<void>(() => {
      throw new Error('the actor "reap" is provided by the supervisor room');
    }),
    /** Kills every known process group; `src/supervisor` provides it. */
    killAll: fromPromise<void>(() => {
      throw new Error('the actor "killAll" is provided by the supervisor room');
    }),
  },
  delays: { shutdown: ({ context }) => context.shutdownMs, kill: killMs },
  guards: { isAlone: ({ context }) => context.groups.length === 0 },
  actions: {
    apply: enqueueActions(({ context, enqueue, self, system }, { steps, at, random }: { steps: Steps; at: number; random: number }) => {
      const { children } = self.getSnapshot();
      const leaving = new Set(steps.remove.map(({ server }) => server));
      // Where its actor lives, not where the plan thinks: it may still be on its way out of another group.
      const homeOf = (server: string) => system.get(serverId(server))?._parent?.id;
      const waits = ({ group, server }: Steps['add'][number]) => leaving.has(server.name) || ![undefined, groupId(group)].includes(homeOf(server.name));
      const adding = steps.add.filter((step) => !waits(step));
      for (const { group, server } of steps.remove) {
        const supervisor = children[homeOf(server) ?? groupId(group)];
        if (supervisor !== undefined) enqueue.sendTo(supervisor, { type: 'group.remove', server, at, random });
        else enqueue.raise({ type: 'server.removed', server, wanted: null });
      }
      for (const { server, ...configuration } of steps.configure) {
        const living = system.get(serverId(server));
        if (living !== undefined && !context.moving.some((step) => step.server.name === server)) {
          const event: ServerEvent = { type: 'server.configure', ...configuration, at, random };
          enqueue.sendTo(living, event);
        }
      }
      const groups = [...new Set(adding.map(({ group }) => group))];
      const fresh = groups.filter((group) => !context.groups.includes(group));
      for (const group of fresh) enqueue.spawnChild('group', { id: groupId(group), systemId: groupId(group), input: { name: group } });
      const moving = [
        ...context.moving
          .filter(({ server }) => !leaving.has(server.name) && !steps.add.some((step) => step.server.name === server.name))
          .map((step) => withConfiguration(step, steps.configure)),
        ...steps.add.filter(waits).map((step) => ({ ...step, at, random })),
      ];
      enqueue.assign({ groups: [...context.groups, ...fresh], moving });
      for (const group of groups) {
        const servers = adding.filter((step) => step.group === group).map(({ server }) => server);
        enqueue.sendTo(groupId(group), { type: 'group.add', servers, at, random });
      }
    }),
    forward: enqueueActions(({ enqueue, self }, { type, at, random }: { type: 'group.shutdown' | 'machine.resumed'; at: number; random: number }) => {
      for (const [id, child] of Object.entries(self.getSnapshot().children)) {
        if (id.startsWith('group:') && child !== undefined) enqueue.sendTo(child, { type, at, random });
      }
    }),
    wantSlot: assign(({ context }, { server }: { server: string }) => wantSlot(context, server)),
    returnSlot: assign(({ context }, { server }: { server: string }) => returnSlot(context, server)),
    grantSlots: enqueueActions(({ context, enqueue, system }) => {
      const isAlive = (server: string) => system.get(serverId(server)) !== undefined;
      const { slots, holders, queue } = context;
      // Whoever died with its group neither holds a slot nor keeps the others from one.
      const { granted, after } = grantSlots({ slots, holders: holders.filter(isAlive), queue: queue.filter(isAlive) });
      enqueue.assign(after);
      for (const server of granted) enqueue.sendTo(system.get(serverId(server)), { type: 'slot.granted' } satisfies ServerEvent);
    }),
    move: enqueueActions(({ context, enqueue, self }, { server, wanted }: { server: string; wanted: Wanted | null }) => {
      const moved = context.moving.find((step) => step.server.name === server);
      if (moved === undefined) return;
      const { at, random } = moved;
      const withWish = moved.keepsWish === true && wanted !== null ? { ...moved.server, wanted } : moved.server;
      enqueue.assign({ moving: context.moving.filter((step) => step !== moved) });
      enqueue.sendTo(self, { type: 'plan.apply', steps: { add: [{ ...moved, server: withWish }], configure: [], remove: [] }, at, random });
    }),
    buryGroup: enqueueActions(({ context, enqueue, self }, { actorId, error }: { actorId: string; error: unknown }) => {
      // XState leaves the children of an actor that died running: each ends its session, settles its commands and starts no other.
      const dead = self.getSnapshot().children[actorId]?.getSnapshot() as { readonly children?: Readonly<Record<string, AnyActorRef>> } | undefined;
      for (const [id, child] of Object.entries(dead?.children ?? {})) {
        if (id.startsWith('server:')) enqueue.sendTo(child, { type: 'server.shutdown', at: 0, random: 0.5 });
      }
      enqueue.stopChild(actorId);
      const group = context.groups.find((name) => groupId(name) === actorId);
      if (group === undefined) return;
      enqueue.assign({ groups: context.groups.filter((name) => name !== group) });
      enqueue.emit({ type: 'group.died', group, message: error instanceof Error ? error.message : String(error) });
    }),
    forgetGroup: assign(({ context }, { group }: { group: string }) => ({ groups: context.groups.filter((name) => name !== group) })),
  },
});

export const supervisorMachine = supervisorSetup.createMachine({
  id: 'supervisor',
  context: ({ input }) => ({ ...input, holders: [], queue: [], groups: [], moving: [] }),
  initial: 'booting',
  on: {
    'slot.returned': { actions: { type: 'returnSlot', params: ({ event }) => event } },
    'server.removed': { actions: { type: 'returnSlot', params: ({ event }) => event } },
    'group.gone': { actions: { type: 'forgetGroup', params: ({ event }) => event } },
    'xstate.error.actor.*': { actions: { type: 'buryGroup', params: ({ event }: { event: unknown }) => event as { actorId: string; error: unknown } } },
  },
  states: {
    booting: {
      invoke: { id: 'reap', src: 'reap', onDone: 'running', onError: 'failed' },
      on: { 'supervisor.shutdown': 'closed' },
    },
    running: {
      on: {
        'plan.apply': { actions: { type: 'apply', params: ({ event }) => event } },
        'slot.wanted': { actions: [{ type: 'wantSlot', params: ({ event }) => event }, 'grantSlots'] },
        'slot.returned': { actions: [{ type: 'returnSlot', params: ({ event }) => event }, 'grantSlots'] },
        'server.removed': { actions: [{ type: 'returnSlot', params: ({ event }) => event }, 'grantSlots', { type: 'move', params: ({ event }) => event }] },
        'machine.resumed': { actions: { type: 'forward', params: ({ event }) => event } },
        'supervisor.shutdown': {
          target: 'shutting-down',
          actions: { type: 'forward', params: ({ event }) => ({ ...event, type: 'group.shutdown' as const }) },
        },
      },
    },
    /** Every server is being ended, all at once; what is not gone in time is killed, and then left to the next boot. */
    'shutting-down': {
      initial: 'ending',
      always: { guard: 'isAlone', target: 'closed' },
      states: {
        ending: { after: { shutdown: 'killing' } },
        killing: { invoke: { id: 'killAll', src: 'killAll' }, after: { kill: '#supervisor.closed' } },
      },
    },
    closed: {},
    failed: { on: { 'supervisor.shutdown': 'closed' } },
  },
});

/** A server on its way to another group takes its new numbers along. */
function withConfiguration<Step extends Steps['add'][number]>(step: Step, configurations: Steps['configure']): Step {
  const configuration = configurations.find(({ server }) => server === step.server.name);
  if (configuration === undefined) return step;
  const { policy, wanted } = configuration;
  return { ...step, keepsWish: wanted === null, server: { ...step.server, policy, wanted: wanted ?? step.server.wanted } };
}
