/**
 * How a group holds its servers: what `../holding` decides, as actions of its chart. What the group decides over them
 * is `round-actions.ts`.
 */

import { type AnyActorLogic, assign, enqueueActions, fromPromise, setup } from 'xstate';
import { sendById } from '../holding/address.ts';
import { died, fellApart, reaped, unreaped, withoutSuccessors } from '../holding/deaths.ts';
import { carryOut, type Hands } from '../holding/deeds.ts';
import { added, configured, gone, type Holder, type Outcome, placeInGroup, removed } from '../holding/holding.ts';
import { groupId, kindOf, serverId } from '../ids.ts';
import { heldBy, withInput, withoutStanding, withStanding } from '../members.ts';
import type { Moment, ServerEvent, ServerInput, Standing } from '../server/events.ts';
import type { Configuration } from '../server/plan.ts';
import { serverMachine } from '../server.machine.ts';
import { entryOf, without } from '../table.ts';
import type { GroupContext, GroupEmitted, GroupEvent, GroupInput, GroupReport } from './events.ts';

/** Told to end in one turn of the event loop: telling all of a thousand would keep everybody else waiting. */
const endedPerTurn = 4;

const goldenRatio = 0.618_033_988_749;

/** XState's own events, which its types leave open. */
export interface ActorFailed {
  readonly actorId: string;
  readonly error: unknown;
}

export interface ReaperDone {
  readonly actorId: string;
  readonly output: Moment & { readonly generation: number };
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
    /** A part of the group, which only holds servers: this chart again; `src/supervisor` provides it. */
    part: fromPromise<void>(() => {
      throw new Error('the actor "part" is provided by the supervisor room');
    }) as AnyActorLogic,
    /** Resolves in the next turn of the event loop; `src/supervisor` provides it. */
    turn: fromPromise<void>(() => {
      throw new Error('the actor "turn" is provided by the supervisor room');
    }),
    /**
     * Resolves when no process of the server is left, with the time and the highest generation known; `src/supervisor`
     * provides it.
     */
    reaper: fromPromise<Moment & { readonly generation: number }, ReaperInput>(() => {
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
      // One number for all would wake all at the same moment: multiples of the golden ratio spread evenly.
      for (const [index, child] of childrenOf(context).entries())
        enqueue.sendTo(child, { type: 'machine.resumed', at, random: (random + index * goldenRatio) % 1 });
    }),
    beginEnd: assign(({ context }, { except }: { except: readonly string[] }) => {
      const spared = new Set(except.map(serverId));
      return {
        isEnding: true,
        untold: childrenOf(context).filter((id) => !spared.has(id)),
        spared: except,
        members: withoutSuccessors(context.members),
      };
    }),
    endSome: enqueueActions(({ context, enqueue }) => {
      const there = new Set(childrenOf(context));
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
      if (isEnd && outcome.deeds.length > 0) args.enqueue.assign({ departed: departed + 1 });
    }),
    bury: enqueueActions((args, { actorId, error }: ActorFailed) => {
      const { context, enqueue } = args;
      const isEnd = context.isEnding;
      const message = error instanceof Error ? error.message : String(error);
      const { kind, name: server } = kindOf(actorId);
      if (kind === 'group') {
        const { servers, ...outcome } = fellApart(holderOf(context), { below: actorId, isEnd });
        const broken: GroupReport = { type: 'group.broken', group: context.name, message, servers };
        sendById(args, context.holder, broken);
        perform(args, outcome);
        enqueue.assign({ parts: context.parts.filter((id) => id !== actorId) });
      } else if (kind === 'server') {
        perform(args, died(holderOf(context), { server, message, isEnd }));
        // A round that waits for it waits no longer.
        enqueue.raise({ type: 'members.left' });
      } else if (kind === 'reaper') perform(args, unreaped(holderOf(context), { server, message }));
      else enqueue.stopChild(actorId);
    }),
    revive: enqueueActions((args, { actorId, output }: ReaperDone) => {
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
    /** What a part tells is for the root. */
    passOn: enqueueActions((args, told: GroupReport) => {
      const { name, holder, members, isEnding } = args.context;
      if (told.type !== 'server.removed') return sendById(args, holder, told);
      // At the end nobody asks for them any more, and there may be a thousand.
      if (told.group !== name && !isEnding) args.enqueue.assign({ members: without(members, told.server) });
      sendById(args, holder, { ...told, group: name });
    }),
    /** A part has buried a server; nothing of it runs that a round would have to wait for. */
    mourn: enqueueActions((args, { server }: { readonly server: string }) => {
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
function childrenOf({ name, members, parts }: GroupContext): readonly string[] {
  const living = heldBy(members, groupId(name)).filter((server) => entryOf(members, server)?.isDead === false);
  return [...living.map(serverId), ...parts];
}

interface GroupHands extends Hands {
  readonly context: GroupContext;
  readonly enqueue: Hands['enqueue'] & {
    assign(change: Partial<GroupContext>): void;
    spawnChild(
      source: 'part',
      options: { readonly id: string; readonly systemId: string; readonly input: GroupInput },
    ): void;
  };
}

function perform(hands: GroupHands, { members, deeds }: Outcome): void {
  const { context, enqueue } = hands;
  const id = groupId(context.name);
  const opened = deeds.flatMap((deed) => (deed.do === 'open' ? [deed.id] : []));
  enqueue.assign({ members, parts: [...context.parts, ...opened] });
  carryOut(hands, deeds, {
    id,
    open: (part) =>
      enqueue.spawnChild('part', { id: part, systemId: part, input: { name: kindOf(part).name, holder: id } }),
    tell: (report) => sendById(hands, context.holder, report),
  });
}
