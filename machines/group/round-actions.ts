/**
 * How a group acts as one: rounds over its members, on top of how it holds them. What a round does is `rounds.ts`; the
 * chart is `group.machine.ts`.
 */

import { assign, enqueueActions } from 'xstate';
import { type Post, sendById } from '../holding/address.ts';
import { serverId } from '../ids.ts';
import type { Moment, ServerEvent, Standing } from '../server/events.ts';
import { entryOf, without } from '../table.ts';
import type { GroupContext, GroupPolicy, GroupReport } from './events.ts';
import { groupHolding } from './holding.ts';
import {
  asMember,
  goneOf,
  heldFor,
  type Look,
  leftOf,
  type Member,
  nextToStop,
  recentRounds,
  withTrigger,
} from './rounds.ts';

type Lost = Moment & { readonly server: string };

export const groupSetup = groupHolding.extend({
  delays: {
    period: ({ context }) => context.policy.periodMs,
  },
  guards: {
    isCoupled: ({ context }) => context.policy.strategy !== 'one-for-one',
    uncouples: (_, { policy }: { policy: GroupPolicy }) => policy.strategy === 'one-for-one',
    isOtherPolicy: ({ context }, { policy }: { policy: GroupPolicy }) => isOther(context.policy, policy),
  },
  actions: {
    configure: assign((_, { policy }: { policy: GroupPolicy }) => ({ policy })),
    /** A failure that affects nobody is no round. */
    judge: enqueueActions(({ context, enqueue }, { server, at }: Lost) => {
      const { policy } = context;
      const round = withTrigger({ triggers: [], victims: {} }, policy, { trigger: server, look: lookOf(context) });
      if (Object.keys(round.victims).length === 0) return;
      const rounds = recentRounds(context.rounds, policy, at);
      if (policy.intensity > 0 && rounds.length >= policy.intensity) return enqueue.raise({ type: 'rounds.spent' });
      enqueue.assign({ rounds: [...rounds, at], ...round });
      enqueue.emit({ type: 'round.opened', trigger: server, victims: Object.keys(round.victims) });
      enqueue.raise({ type: 'round.opened' });
    }),
    join: enqueueActions(({ context, enqueue }, { server }: Lost) => {
      const round = withTrigger(context, context.policy, { trigger: server, look: lookOf(context) });
      enqueue.assign(round);
      enqueue.emit({ type: 'round.joined', trigger: server, victims: Object.keys(round.victims) });
    }),
    /**
     * Tells members that may stop now to do so, and keeps triggers, and victims that have ended by themselves, from
     * starting beside members that still run.
     */
    stopMembers: enqueueActions((args) => {
      const { policy, triggers } = args.context;
      const look = lookOf(args.context);
      const left = leftOf(args.context, look);
      for (const trigger of triggers) hold(args, trigger, left);
      for (const victim of goneOf(args.context, look)) hold(args, victim, triggers);
      for (const victim of nextToStop(left, policy, look)) {
        const event: ServerEvent = { type: 'round.stop', heldFor: triggers };
        sendById(args, serverId(victim), event);
      }
      if (left.length === 0) args.enqueue.raise({ type: 'members.stopped' });
    }),
    /** Victims wait, in their order, for the triggers that are still on their way. */
    awaitTriggers: enqueueActions((args) => {
      const { policy, triggers, victims } = args.context;
      const look = lookOf(args.context);
      const waiting = policy.order.filter((name) => Object.hasOwn(victims, name));
      for (const victim of waiting)
        hold(args, victim, heldFor(victim, { triggers, look, dependencies: policy.dependencies }));
      if (triggers.every((trigger) => look(trigger).settled)) args.enqueue.raise({ type: 'triggers.settled' });
    }),
    /** Members that wait for others of the round wait no longer. */
    release: enqueueActions((args) => {
      for (const name of [...args.context.triggers, ...Object.keys(args.context.victims)]) hold(args, name, []);
    }),
    /** Without a round nobody is held, whatever was on its way when the last one closed. */
    unhold: enqueueActions((args, { server }: { server: string }) => hold(args, server, [])),
    forgetMember: assign(({ context }, { server }: { server: string }) => ({
      triggers: context.triggers.filter((name) => name !== server),
      victims: without(context.victims, server),
    })),
    closeRound: enqueueActions(({ context, enqueue }) => {
      const look = lookOf(context);
      const started = context.policy.order.filter(
        (name) => Object.hasOwn(context.victims, name) && !isAtRest(look(name)),
      );
      enqueue.assign({ triggers: [], victims: {} });
      enqueue.emit({ type: 'round.closed', started });
    }),
    forgetRounds: assign({ rounds: [] }),
    tellAbove: enqueueActions((args, { type }: { type: 'group.degraded' | 'group.recovered' }) => {
      sendById(args, args.context.holder, { type, group: args.context.name } satisfies GroupReport);
    }),
  },
});

/** Of one whose actor died nothing is known any more. */
function standingOf({ members }: GroupContext, server: string): Standing | null {
  const member = entryOf(members, server);
  return member === undefined || member.isDead ? null : member.standing;
}

function lookOf(context: GroupContext): Look {
  return (server) => asMember(standingOf(context, server));
}

function isAtRest({ phase, settled }: Member): boolean {
  return phase === 'gone' && settled;
}

interface GroupPost extends Post {
  readonly context: GroupContext;
}

/** A member is told for whom its start is held, if it knows of others. */
function hold(post: GroupPost, server: string, names: readonly string[]): void {
  const standing = standingOf(post.context, server);
  if (standing === null || standing.heldFor.join() === names.join()) return;
  sendById(post, serverId(server), { type: 'round.hold', heldFor: names } satisfies ServerEvent);
}

function isOther(one: GroupContext['policy'], other: GroupPolicy): boolean {
  return one.strategy !== other.strategy || one.intensity !== other.intensity || one.periodMs !== other.periodMs;
}
