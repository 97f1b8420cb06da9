/**
 * The manifest of the root's chart, last part: servers and groups, their relations, start slots and deaths.
 * `supervisor.machine.ts` is the chart.
 */

import { assign, enqueueActions } from 'xstate';
import type { GroupEvent, GroupReport } from '../group/events.ts';
import type { ActorFailed, ReaperDone } from '../group/holding.ts';
import { sendById } from '../holding/address.ts';
import { withoutSuccessors } from '../holding/deaths.ts';
import { gone, hasLeft } from '../holding/holding.ts';
import { clientProcessId, groupId, serverId, supervisorId } from '../ids.ts';
import { lookIn, withEnding, withInput, withStanding } from '../members.ts';
import { dependentsOf } from '../order.ts';
import type { Moment, ServerEvent, ServerReport, Wanted } from '../server/events.ts';
import { isUp } from '../server/standing.ts';
import { entryOf } from '../table.ts';
import { afterPlan } from './apply.ts';
import { supervisorClient } from './client-actions.ts';
import { handleDeath, handleReaped } from './deaths.ts';
import type { Steps } from './events.ts';
import { endGroup, holderOf, livingOf, perform } from './holding.ts';
import { isOver, withoutGroup, withoutServer } from './leaving.ts';
import { grant, notifyRelated } from './messages.ts';
import { isNeeded } from './relations.ts';
import { returnSlot, type Slots, wantSlot } from './start-slots.ts';

/** Time from SIGKILL to every known process group until `closed`, whatever is left, in milliseconds. */
const killMs = 2_000;

type Report<Type extends (ServerReport | GroupReport)['type']> = Extract<ServerReport | GroupReport, { type: Type }>;

export const supervisorSetup = supervisorClient.extend({
  delays: { shutdown: ({ context }) => context.shutdownMs, kill: killMs },
  guards: {
    isDegraded: ({ context }) => context.degraded.length > 0,
    hasHeard: ({ context }) => context.hasHeard,
    isSettled: ({ context }) => context.degraded.length === 0,
    hasLeft: ({ context }, report: Report<'server.removed'>) => hasLeft(context.members, report),
  },
  actions: {
    apply: enqueueActions((args, { steps, at, random }: Moment & { readonly steps: Steps }) => {
      const { context, enqueue } = args;
      const { policies, moving, ...outcome } = afterPlan(context, steps, { at, random });
      enqueue.assign({ policies, moving });
      for (const [group, policy] of Object.entries(steps.groups ?? {})) {
        if (context.groups.includes(group))
          enqueue.sendTo(groupId(group), { type: 'group.configure', policy } satisfies GroupEvent);
      }
      perform(args, outcome, policies);
      // What was on its way to a group may go elsewhere now, and that group may have waited for nothing else.
      const after = { ...context, moving, members: outcome.members };
      for (const group of new Set(context.moving.map((step) => step.group)))
        if (isOver(after, group)) endGroup(args, group);
    }),
    limitEnd: assign(({ context }, { steps }: { steps: Steps }) => ({
      shutdownMs: steps.shutdownMs ?? context.shutdownMs,
    })),
    /** Notifies servers whose dependencies or dependents changed. */
    relate: enqueueActions((args, { steps }: { steps: Steps }) => {
      const { dependencies } = steps;
      const { context } = args;
      if (dependencies === undefined || dependencies === context.dependencies) return;
      const changed = { dependencies, dependents: dependentsOf(dependencies) };
      args.enqueue.assign(changed);
      const relations = { ...changed, client: context.client };
      // A server that becomes related to others is notified after its first report.
      const touched = [...Object.keys(context.dependencies), ...Object.values(context.dependencies).flat()];
      // A server that is leaving may be gone before the message arrives.
      const leaving = new Set(steps.remove.map(({ server }) => server));
      const staying = [...new Set(touched)].filter((server) => !leaving.has(server));
      notifyRelated(args, staying, relations);
    }),
    note: assign(({ context }, { server, standing }: Report<'server.changed' | 'server.lost'>) => ({
      members: withStanding(context.members, server, standing),
      hasHeard: context.isOffering,
    })),
    notify: enqueueActions((args, { server }: { server: string }) => notifyRelated(args, [server], args.context)),
    notifyGroup: enqueueActions((args, report: Report<'server.changed' | 'server.lost'>) => {
      const member = entryOf(args.context.members, report.server);
      if (member !== undefined && member.holder !== supervisorId) sendById(args, member.holder, report);
    }),
    keep: assign(({ context }, { server, wanted }: Report<'server.kept'>) => ({
      members: withInput(context.members, server, { wanted }),
    })),
    /**
     * The actors of these servers died: what is left of them is being ended. No other server goes down by that, so that
     * no report has to be awaited before slots are granted.
     */
    markAsEnding: assign(
      ({ context: { members, slots, holders, queue } }, { servers }: { servers: readonly string[] }) => ({
        ...servers.reduce<Slots>(returnSlot, { slots, holders, queue }),
        members: servers.reduce(withEnding, members),
      }),
    ),
    wake: enqueueActions(({ context, enqueue, system }, { at, random }: Moment) => {
      for (const id of [...context.groups.map(groupId), ...livingOf(context).map(serverId)])
        enqueue.sendTo(id, { type: 'machine.resumed', at, random });
      sendById({ system, enqueue }, clientProcessId, { type: 'machine.resumed', at, random });
    }),
    /** Servers that others still need are spared until those are gone. The rest end, and do not start again. */
    endAll: enqueueActions(({ context, enqueue }) => {
      const look = lookIn(context.members);
      const spared = Object.keys(context.dependents).filter((server) => {
        const standing = look(server);
        return standing !== null && isUp(standing) && isNeeded(server, context.dependents, look);
      });
      enqueue.assign({ spared, isEnding: true, members: withoutSuccessors(context.members) });
      for (const group of context.groups)
        enqueue.sendTo(groupId(group), { type: 'group.shutdown', except: spared } satisfies GroupEvent);
      for (const server of livingOf(context).filter((name) => !spared.includes(name)))
        enqueue.sendTo(serverId(server), { type: 'server.shutdown' } satisfies ServerEvent);
    }),
    endSpared: enqueueActions((args) => {
      const { spared, dependents, members } = args.context;
      const due = spared.filter((server) => !isNeeded(server, dependents, lookIn(members)));
      if (due.length === 0) return;
      args.enqueue.assign({ spared: spared.filter((server) => !due.includes(server)) });
      for (const server of due) sendById(args, serverId(server), { type: 'server.shutdown' } satisfies ServerEvent);
    }),
    degrade: assign(({ context }, { group }: { group: string }) => ({
      degraded: [...context.degraded.filter((name) => name !== group), group],
    })),
    recover: assign(({ context }, { group }: { group: string }) => ({
      degraded: context.degraded.filter((name) => name !== group),
    })),
    wantSlot: assign(({ context }, { server }: { server: string }) => wantSlot(context, server)),
    /** While servers start one at a time, one that takes long keeps its slot. */
    returnSlot: assign(({ context }, { server, isEarly = false }: { server: string; isEarly?: boolean }) =>
      isEarly && context.client?.isCareful === true ? {} : returnSlot(context, server),
    ),
    /**
     * Where servers depend on each other, reports that are already on the way are awaited first: a dependency may have
     * gone down at the same moment.
     */
    offerSlots: enqueueActions((args) => {
      const { context, enqueue, self } = args;
      if (Object.keys(context.dependencies).length === 0) return grant(args);
      if (!context.isOffering) enqueue.sendTo(self, { type: 'slots.due' });
      enqueue.assign({ isOffering: true });
    }),
    offerAgain: enqueueActions(({ enqueue, self }) => {
      enqueue.assign({ hasHeard: false });
      enqueue.sendTo(self, { type: 'slots.due' });
    }),
    grantSlots: enqueueActions((args) => {
      args.enqueue.assign({ isOffering: false });
      grant(args);
    }),
    forget: assign(({ context }, { server }: { server: string }) => ({ members: withoutServer(context, server) })),
    move: enqueueActions(
      ({ context, enqueue, self }, { server, wanted }: { server: string; wanted: Wanted | null }) => {
        const moved = context.moving.find((step) => step.server.name === server);
        if (moved === undefined) return;
        const { at, random } = moved;
        const withWish = moved.keepsWish === true && wanted !== null ? { ...moved.server, wanted } : moved.server;
        // The plan takes it off the list.
        enqueue.sendTo(self, {
          type: 'plan.apply',
          steps: { add: [{ ...moved, server: withWish }], configure: [], remove: [] },
          at,
          random,
        });
      },
    ),
    letGo: enqueueActions((args, { server }: { server: string }) => {
      const { context } = args;
      perform(args, gone(holderOf(context), { server, isRemoval: !context.isEnding }), context.policies);
    }),
    handleDeath: enqueueActions((args, died: ActorFailed) => handleDeath(args, died)),
    handleReaped: enqueueActions((args, done: ReaperDone) => handleReaped(args, done)),
    emitGroupDied: enqueueActions(({ enqueue }, { group, message, servers }: Report<'group.broken'>) => {
      enqueue.emit({ type: 'group.died', group, message, servers });
      enqueue.raise({ type: 'servers.died', servers });
    }),
    notifyAll: enqueueActions((args, { servers }: { servers: readonly string[] }) =>
      notifyRelated(args, servers, args.context),
    ),
    /** At shutdown. */
    forgetGroup: assign(({ context }, { group }: { group: string }) => withoutGroup(context, group)),
    endGroup: enqueueActions((args, { group }: { group: string }) => {
      if (isOver(args.context, group)) endGroup(args, group);
    }),
    noteFailure: assign((_, { error }: { error: unknown }) => ({
      problem: error instanceof Error ? error.message : String(error),
    })),
  },
});
