/**
 * How a group holds its servers: the decisions of `../holding` as actions of its chart. The actions of rounds are in
 * `round-actions.ts`.
 */

import { type AnyActorLogic, assign, enqueueActions, fromPromise, setup } from 'xstate';
import { sendById } from '../holding/address.ts';
import { holderDied, type Reaped, reaped, reaperDied, serverDied, withoutSuccessors } from '../holding/deaths.ts';
import { type HolderArgs, runEffects } from '../holding/effects.ts';
import {
  added,
  configured,
  gone,
  type Holder,
  hasLeft,
  type Outcome,
  placeInGroup,
  removed,
} from '../holding/holding.ts';
import { groupId, kindOf, serverId } from '../ids.ts';
import { heldBy, holdsAny, withInput, withoutStanding, withStanding } from '../members.ts';
import type { Moment, ServerEvent, ServerInput, Standing } from '../server/events.ts';
import type { Configuration } from '../server/plan.ts';
import { serverMachine } from '../server.machine.ts';
import { entryOf, without } from '../table.ts';
import type { GroupContext, GroupEmitted, GroupEvent, GroupInput, GroupReport } from './events.ts';

/** How many servers are told to end in one turn of the event loop: a thousand at once would block the loop. */
const endedPerTurn = 4;

const goldenRatio = 0.618_033_988_749;

/** XState's own events; its types do not describe them. */
export interface ActorFailed {
  readonly actorId: string;
  readonly error: unknown;
}

export interface ReaperDone {
  readonly actorId: string;
  readonly output: Reaped;
}

export interface ReaperInput {
  readonly server: string;
}

export const groupHolding = setup({
  types: {} as {
    context: GroupContext;
    events: GroupEvent;
    input: GroupInput;
    emitted: GroupEmitted;
    children: Record<string, 'server' | 'reaper' | 'part'>;
  },
  actors: {
    server: serverMachine,
    /** A part of the group. It runs this chart, too, but only holds servers; `src/supervisor` provides it. */
    part: fromPromise<void>(() => {
      throw new Error('the actor "part" is provided by the supervisor room');
    }) as AnyActorLogic,
    /** Resolves in the next turn of the event loop; `src/supervisor` provides it. */
    turn: fromPromise<void>(() => {
      throw new Error('the actor "turn" is provided by the supervisor room');
    }),
    /**
     * Resolves when no process of the server is left, to the time and the highest known generation; `src/supervisor`
     * provides it.
     */
    reaper: fromPromise<Reaped, ReaperInput>(() => {
      throw new Error('the actor "reaper" is provided by the supervisor room');
    }),
  },
  guards: {
    isEmpty: ({ context: { name, members, parts, departed } }) =>
      parts.length === 0 && heldBy(members, groupId(name)).length === departed,
    isTold: ({ context }) => context.untold.length === 0,
  },
  actions: {
    add: enqueueActions((args, { servers, at, random }: Moment & { readonly servers: readonly ServerInput[] }) => {
      const { name: group } = args.context;
      const place = placeInGroup(group);
      perform(args, added(holderOf(args.context), { group, servers, moment: { at, random }, place }));
    }),
    remove: enqueueActions((args, { server, at, random }: Moment & { readonly server: string }) => {
      perform(args, removed(holderOf(args.context), { server, group: args.context.name, at, random }));
    }),
    change: enqueueActions((args, change: Moment & Configuration & { readonly server: string }) => {
      perform(args, configured(holderOf(args.context), change));
    }),
    wake: enqueueActions(({ context, enqueue }, { at, random }: Moment) => {
      // With one number all would probe at the same time: multiples of the golden ratio are spread evenly.
      for (const [index, child] of livingOf(context).entries())
        enqueue.sendTo(child, { type: 'machine.resumed', at, random: (random + index * goldenRatio) % 1 });
    }),
    beginEnd: assign(({ context }, { except }: { except: readonly string[] }) => {
      const spared = new Set(except.map(serverId));
      return {
        isEnding: true,
        untold: livingOf(context).filter((id) => !spared.has(id)),
        spared: except,
        members: withoutSuccessors(context.members),
      };
    }),
    endSome: enqueueActions(({ context, enqueue }) => {
      const there = new Set(livingOf(context));
      enqueue.assign({ untold: context.untold.slice(endedPerTurn) });
      for (const id of context.untold.slice(0, endedPerTurn)) {
        if (!there.has(id)) continue;
        if (kindOf(id).kind === 'group')
          enqueue.sendTo(id, { type: 'group.shutdown', except: context.spared } satisfies GroupEvent);
        else enqueue.sendTo(id, { type: 'server.shutdown' } satisfies ServerEvent);
      }
    }),
    letGo: enqueueActions((args, { server, isRemoval }: { server: string; isRemoval: boolean }) => {
      const { isEnding: isEnd, departed } = args.context;
      const outcome = gone(holderOf(args.context), { server, isRemoval, isEnd });
      perform(args, outcome);
      if (isEnd && outcome.effects.length > 0) args.enqueue.assign({ departed: departed + 1 });
    }),
    handleDeath: enqueueActions((args, { actorId, error }: ActorFailed) => {
      const { context, enqueue } = args;
      const isEnd = context.isEnding;
      const message = error instanceof Error ? error.message : String(error);
      const { kind, name: server } = kindOf(actorId);
      if (kind === 'group') {
        const { servers, ...outcome } = holderDied(holderOf(context), { below: actorId, isEnd });
        const broken: GroupReport = { type: 'group.broken', group: context.name, message, servers };
        sendById(args, context.holder, broken);
        perform(args, outcome);
        enqueue.assign({ parts: context.parts.filter((id) => id !== actorId) });
      } else if (kind === 'server') {
        perform(args, serverDied(holderOf(context), { server, message, isEnd }));
        // A round must not wait for it any more.
        enqueue.raise({ type: 'members.left' });
      } else if (kind === 'reaper') perform(args, reaperDied(holderOf(context), { server, message }));
    }),
    handleReaped: enqueueActions((args, { actorId, output }: ReaperDone) => {
      const { kind, name: server } = kindOf(actorId);
      if (kind !== 'reaper') return;
      const place = placeInGroup(args.context.name);
      perform(args, reaped(holderOf(args.context), { server, place, ...output }));
    }),
    note: assign(({ context }, { server, standing }: { server: string; standing: Standing }) => ({
      members: withStanding(context.members, server, standing),
    })),
    keep: enqueueActions((args, kept: Extract<GroupReport, { type: 'server.kept' }>) => {
      const { members, holder } = args.context;
      args.enqueue.assign({ members: withInput(members, kept.server, { wanted: kept.wanted }) });
      sendById(args, holder, kept);
    }),
    /** Reports of a part are for the root. A part ends with its last server. */
    passOn: enqueueActions((args, report: GroupReport) => {
      const { name, holder, isEnding } = args.context;
      if (report.type !== 'server.removed') return sendById(args, holder, report);
      if (!isEnding && !hasLeft(args.context.members, report)) return;
      sendById(args, holder, { ...report, group: name });
      // At shutdown nothing looks them up any more, and there may be a thousand of them.
      if (isEnding) return;
      const part = groupId(report.group);
      const members = without(args.context.members, report.server);
      args.enqueue.assign({ members });
      if (holdsAny(members, part)) return;
      args.enqueue.stopChild(part);
      args.enqueue.assign({ parts: args.context.parts.filter((id) => id !== part) });
    }),
    /** A server that a part holds died: a round must not wait for it any more. */
    noteDeath: enqueueActions((args, { server }: { readonly server: string }) => {
      const { members, holder } = args.context;
      args.enqueue.assign({ members: withoutStanding(members, server) });
      args.enqueue.raise({ type: 'members.left' });
      sendById(args, holder, { type: 'server.died', server } satisfies GroupReport);
    }),
    forgetPart: assign(({ context }, { group }: { group: string }) => ({
      parts: context.parts.filter((id) => id !== groupId(group)),
    })),
    reportGone: enqueueActions((args) => {
      sendById(args, args.context.holder, { type: 'group.gone', group: args.context.name } satisfies GroupReport);
    }),
  },
});

function holderOf({ name, members, parts }: GroupContext): Holder {
  return { id: groupId(name), members, below: parts };
}

/** Servers and parts of the group, not reapers. */
function livingOf({ name, members, parts }: GroupContext): readonly string[] {
  const living = heldBy(members, groupId(name)).filter((server) => entryOf(members, server)?.isDead === false);
  return [...living.map(serverId), ...parts];
}

interface GroupArgs extends HolderArgs {
  readonly context: GroupContext;
  readonly enqueue: HolderArgs['enqueue'] & {
    assign(change: Partial<GroupContext>): void;
    spawnChild(
      source: 'part',
      options: { readonly id: string; readonly systemId: string; readonly input: GroupInput },
    ): void;
  };
}

function perform(args: GroupArgs, { members, effects }: Outcome): void {
  const { context, enqueue } = args;
  const id = groupId(context.name);
  const opened = effects.flatMap((effect) => (effect.do === 'open' ? [effect.id] : []));
  enqueue.assign({ members, parts: [...context.parts, ...opened] });
  runEffects(args, effects, {
    id,
    open: (part) =>
      enqueue.spawnChild('part', { id: part, systemId: part, input: { name: kindOf(part).name, holder: id } }),
    report: (report) => sendById(args, context.holder, report),
  });
}
