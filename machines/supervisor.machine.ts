/**
 * The root: reaps what an earlier life left, carries plans to the groups, tells servers how their dependencies stand,
 * hands out start slots, and ends everything within its deadline.
 *
 * Invariant: at most `slots` servers hold a start slot; a slot is given in the order it was asked for.
 * Invariant: at the end a server is told to stop only when nothing of those that depend on it runs.
 * Invariant: from `shutting-down` on nothing is added and no slot is given.
 * Invariant: `closed` is reached at most `shutdownMs` + `killMs` after `supervisor.shutdown`.
 * Invariant: no action here throws.
 */

import { type AnyActorRef, assign, enqueueActions, fromPromise, setup } from 'xstate';
import type { GroupEvent } from './group/events.ts';
import { endOrphans, groupId, holderOf, serverId } from './group/holding.ts';
import { groupMachine } from './group.machine.ts';
import { dependentsOf } from './order.ts';
import type { Moment, ServerEvent, Wanted } from './server/events.ts';
import type {
  Steps,
  SupervisorContext,
  SupervisorEmitted,
  SupervisorEvent,
  SupervisorInput,
} from './supervisor/events.ts';
import { applicantOf, isLeft, isUp, tidings } from './supervisor/relations.ts';
import { grantSlots, returnSlot, wantSlot } from './supervisor/start-slots.ts';

/** From KILL to every known group to `closed`, whatever is left, in milliseconds. */
const killMs = 2_000;

const supervisorSetup = setup({
  types: {} as {
    context: SupervisorContext;
    events: SupervisorEvent;
    input: SupervisorInput;
    emitted: SupervisorEmitted;
  },
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
  guards: {
    isAlone: ({ context }) => context.groups.length === 0,
    isDegraded: ({ context }) => context.degraded.length > 0,
    isSettled: ({ context }) => context.degraded.length === 0,
  },
  actions: {
    apply: enqueueActions(
      ({ context, enqueue, self, system }, { steps, at, random }: { steps: Steps; at: number; random: number }) => {
        const { children } = self.getSnapshot();
        const leaving = new Set(steps.remove.map(({ server }) => server));
        // Where its actor lives, not where the plan thinks: it may still be on its way out of another group.
        const homeOf = (server: string) => homeIn(system, server);
        const waits = ({ group, server }: Steps['add'][number]) =>
          leaving.has(server.name) || ![undefined, groupId(group)].includes(homeOf(server.name));
        const adding = steps.add.filter((step) => !waits(step));
        for (const { group, server } of steps.remove) {
          const supervisor = children[homeOf(server) ?? groupId(group)];
          if (supervisor !== undefined) enqueue.sendTo(supervisor, { type: 'group.remove', server, at, random });
          else enqueue.raise({ type: 'server.removed', server, wanted: null, group });
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
        const policies = { ...context.policies, ...steps.groups };
        for (const group of fresh) {
          const policy = policies[group];
          enqueue.spawnChild('group', {
            id: groupId(group),
            systemId: groupId(group),
            input: { name: group, ...(policy && { policy }) },
          });
        }
        for (const [group, policy] of Object.entries(steps.groups ?? {})) {
          if (context.groups.includes(group))
            enqueue.sendTo(groupId(group), { type: 'group.configure', policy } satisfies GroupEvent);
        }
        const moving = [
          ...context.moving
            .filter(
              ({ server }) => !leaving.has(server.name) && !steps.add.some((step) => step.server.name === server.name),
            )
            .map((step) => withConfiguration(step, steps.configure)),
          ...steps.add.filter(waits).map((step) => ({ ...step, at, random })),
        ];
        enqueue.assign({ groups: [...context.groups, ...fresh], moving, policies });
        for (const group of groups) {
          const servers = adding.filter((step) => step.group === group).map(({ server }) => server);
          enqueue.sendTo(groupId(group), { type: 'group.add', servers, at, random });
        }
      },
    ),
    limitEnd: assign(({ context }, { steps }: { steps: Steps }) => ({
      shutdownMs: steps.shutdownMs ?? context.shutdownMs,
    })),
    /** Servers that begin or cease to depend on others, and those others, hear of it. */
    relate: enqueueActions(({ context, enqueue, system }, { steps }: { steps: Steps }) => {
      const { dependencies } = steps;
      if (dependencies === undefined || dependencies === context.dependencies) return;
      const relations = { dependencies, dependents: dependentsOf(dependencies) };
      enqueue.assign(relations);
      const touched = [
        ...Object.keys(context.dependencies),
        ...Object.keys(dependencies),
        ...Object.values(context.dependencies).flat(),
      ];
      // What is leaving may be gone by the time it would hear.
      const leaving = new Set(steps.remove.map(({ server }) => server));
      const staying = [...new Set(touched)].filter((server) => !leaving.has(server));
      for (const [actor, event] of tidings(staying, relations, system)) enqueue.sendTo(actor, event);
    }),
    tell: enqueueActions(({ context, enqueue, system }, { server }: { server: string }) => {
      for (const [actor, event] of tidings([server], context, system)) enqueue.sendTo(actor, event);
    }),
    tellGroup: enqueueActions(({ context, enqueue, system }, event: SupervisorEvent) => {
      if (event.type !== 'server.changed' && event.type !== 'server.lost') return;
      const group = homeIn(system, event.server)?.slice(groupId('').length);
      if (group === undefined || !context.groups.includes(group)) return;
      const { strategy = 'one-for-one' } = context.policies[group] ?? {};
      if (strategy !== 'one-for-one') enqueue.sendTo(groupId(group), event);
    }),
    wake: enqueueActions(({ enqueue, self }, { at, random }: Moment) => {
      for (const group of groupsOf(self))
        enqueue.sendTo(group, { type: 'machine.resumed', at, random } satisfies GroupEvent);
    }),
    /** Whom others still need is spared until they are gone; what is ending already is told not to start again. */
    endGroups: enqueueActions(({ context, enqueue, self, system }) => {
      const spared = Object.entries(context.dependents)
        .filter(
          ([server, dependents]) => isUp(server, system) && dependents.some((dependent) => isLeft(dependent, system)),
        )
        .map(([server]) => server);
      enqueue.assign({ spared });
      for (const group of groupsOf(self))
        enqueue.sendTo(group, { type: 'group.shutdown', except: spared } satisfies GroupEvent);
    }),
    endSpared: enqueueActions(({ context, enqueue, system }) => {
      const due = context.spared.filter(
        (server) => !(context.dependents[server] ?? []).some((dependent) => isLeft(dependent, system)),
      );
      if (due.length === 0) return;
      enqueue.assign({ spared: context.spared.filter((server) => !due.includes(server)) });
      for (const server of due) {
        const actor = system.get(serverId(server));
        if (actor !== undefined) enqueue.sendTo(actor, { type: 'server.shutdown' } satisfies ServerEvent);
      }
    }),
    degrade: assign(({ context }, { group }: { group: string }) => ({
      degraded: [...context.degraded.filter((name) => name !== group), group],
    })),
    recover: assign(({ context }, { group }: { group: string }) => ({
      degraded: context.degraded.filter((name) => name !== group),
    })),
    wantSlot: assign(({ context }, { server }: { server: string }) => wantSlot(context, server)),
    returnSlot: assign(({ context }, { server }: { server: string }) => returnSlot(context, server)),
    grantSlots: enqueueActions(({ context, enqueue, system }) => {
      const { granted, after } = grantSlots(context, (server) => applicantOf(server, context.dependencies, system));
      enqueue.assign(after);
      for (const server of granted)
        enqueue.sendTo(system.get(serverId(server)), { type: 'slot.granted' } satisfies ServerEvent);
    }),
    move: enqueueActions(
      ({ context, enqueue, self }, { server, wanted }: { server: string; wanted: Wanted | null }) => {
        const moved = context.moving.find((step) => step.server.name === server);
        if (moved === undefined) return;
        const { at, random } = moved;
        const withWish = moved.keepsWish === true && wanted !== null ? { ...moved.server, wanted } : moved.server;
        enqueue.assign({ moving: context.moving.filter((step) => step !== moved) });
        enqueue.sendTo(self, {
          type: 'plan.apply',
          steps: { add: [{ ...moved, server: withWish }], configure: [], remove: [] },
          at,
          random,
        });
      },
    ),
    buryGroup: enqueueActions(({ context, enqueue, self }, { actorId, error }: { actorId: string; error: unknown }) => {
      const group = context.groups.find((name) => groupId(name) === actorId);
      // Told first: to the commands of its servers this is no shutdown.
      if (group !== undefined)
        enqueue.emit({ type: 'group.died', group, message: error instanceof Error ? error.message : String(error) });
      endOrphans(self.getSnapshot().children[actorId], (orphan) =>
        enqueue.sendTo(orphan, { type: 'server.shutdown' } satisfies ServerEvent),
      );
      enqueue.stopChild(actorId);
      if (group === undefined) return;
      const isOther = (name: string) => name !== group;
      enqueue.assign({ groups: context.groups.filter(isOther), degraded: context.degraded.filter(isOther) });
    }),
    tellBroken: enqueueActions(({ enqueue }, { group, message }: { group: string; message: string }) => {
      enqueue.emit({ type: 'group.died', group, message });
    }),
    forgetGroup: assign(({ context }, { group }: { group: string }) => ({
      groups: context.groups.filter((name) => name !== group),
    })),
  },
});

export const supervisorMachine = supervisorSetup.createMachine({
  id: 'supervisor',
  context: ({ input }) => ({
    ...input,
    holders: [],
    queue: [],
    groups: [],
    policies: {},
    dependencies: {},
    dependents: {},
    moving: [],
    degraded: [],
    spared: [],
  }),
  initial: 'booting',
  on: {
    'slot.wanted': {},
    'slot.returned': { actions: { type: 'returnSlot', params: ({ event }) => event } },
    'server.changed': {},
    'server.lost': {},
    'group.degraded': { actions: { type: 'degrade', params: ({ event }) => event } },
    'group.recovered': { actions: { type: 'recover', params: ({ event }) => event } },
    'group.broken': { actions: { type: 'tellBroken', params: ({ event }) => event } },
    'server.removed': { actions: { type: 'returnSlot', params: ({ event }) => event } },
    'group.gone': { actions: { type: 'forgetGroup', params: ({ event }) => event } },
    'xstate.error.actor.*': {
      actions: {
        type: 'buryGroup',
        params: ({ event }: { event: unknown }) => event as { actorId: string; error: unknown },
      },
    },
  },
  states: {
    booting: {
      invoke: { id: 'reap', src: 'reap', onDone: 'running', onError: 'failed' },
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
        'server.changed': {
          actions: [
            { type: 'tell', params: ({ event }) => event },
            { type: 'tellGroup', params: ({ event }) => event },
          ],
        },
        'server.lost': { actions: { type: 'tellGroup', params: ({ event }) => event } },
        'slot.wanted': { actions: [{ type: 'wantSlot', params: ({ event }) => event }, 'grantSlots'] },
        'slot.returned': { actions: [{ type: 'returnSlot', params: ({ event }) => event }, 'grantSlots'] },
        'server.removed': {
          actions: [
            { type: 'returnSlot', params: ({ event }) => event },
            'grantSlots',
            { type: 'move', params: ({ event }) => event },
          ],
        },
        'machine.resumed': { actions: { type: 'wake', params: ({ event }) => event } },
        'supervisor.shutdown': { target: 'shutting-down', actions: 'endGroups' },
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
        'server.changed': { actions: 'endSpared' },
        'server.removed': { actions: [{ type: 'returnSlot', params: ({ event }) => event }, 'endSpared'] },
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

/** The actor id of the group a server lives in, whichever part of it holds it. */
function homeIn(system: { get(id: string): AnyActorRef | undefined }, server: string): string | undefined {
  return holderOf(server, system)?.id.split('/')[0];
}

function groupsOf(self: {
  getSnapshot(): { readonly children: Readonly<Record<string, AnyActorRef | undefined>> };
}): readonly AnyActorRef[] {
  return Object.values(self.getSnapshot().children).filter(
    (child) => child?.id.startsWith(groupId('')) === true,
  ) as AnyActorRef[];
}

/** A server on its way to another group takes its new numbers along. */
function withConfiguration<Step extends Steps['add'][number]>(step: Step, configurations: Steps['configure']): Step {
  const configuration = configurations.find(({ server }) => server === step.server.name);
  if (configuration === undefined) return step;
  const { policy, wanted } = configuration;
  return {
    ...step,
    keepsWish: step.keepsWish !== false && wanted === null,
    server: { ...step.server, policy, wanted: wanted ?? step.server.wanted },
  };
}
