/**
 * The actions of a group's rounds, added to those of `holding.ts`. `rounds.ts` decides, `group.machine.ts` says when.
 */

import { assign, enqueueActions } from 'xstate';
import { type Sender, sendById } from '../holding/address.ts';
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
    /** Opens a round, if the failure affects other members. */
    openRound: enqueueActions(({ context, enqueue }, { server, at }: Lost) => {
      const { policy } = context;
      const round = withTrigger({ triggers: [], victims: {} }, policy, { trigger: server, look: lookOf(context) });
      if (Object.keys(round.victims).length === 0) return;
      const rounds = recentRounds(context.rounds, policy, at);
      if (policy.intensity > 0 && rounds.length >= policy.intensity) return enqueue.raise({ type: 'rounds.spent' });
      enqueue.assign({ rounds: [...rounds, at], ...round });
      enqueue.emit({ type: 'round.opened', trigger: server, victims: Object.keys(round.victims) });
      enqueue.raise({ type: 'round.opened' });
    }),
    joinRound: enqueueActions(({ context, enqueue }, { server }: Lost) => {
      const round = withTrigger(context, context.policy, { trigger: server, look: lookOf(context) });
      enqueue.assign(round);
      enqueue.emit({ type: 'round.joined', trigger: server, victims: Object.keys(round.victims) });
    }),
    /**
     * Stops the victims that may stop now. Triggers, and victims that ended by themselves, must not start before every
     * victim has ended.
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
    /** Victims, in their order, wait for the triggers that have not settled yet. */
    awaitTriggers: enqueueActions((args) => {
      const { policy, triggers, victims } = args.context;
      const look = lookOf(args.context);
      const waiting = policy.order.filter((name) => Object.hasOwn(victims, name));
      for (const victim of waiting)
        hold(args, victim, heldFor(victim, { triggers, look, dependencies: policy.dependencies }));
      if (triggers.every((trigger) => look(trigger).settled)) args.enqueue.raise({ type: 'triggers.settled' });
    }),
    /** No member waits for the round any more. */
    releaseMembers: enqueueActions((args) => {
      for (const name of [...args.context.triggers, ...Object.keys(args.context.victims)]) hold(args, name, []);
    }),
    /** Without a round no member waits, even if its report was on the way when the last round closed. */
    releaseMember: enqueueActions((args, { server }: { server: string }) => hold(args, server, [])),
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
    report: enqueueActions((args, { type }: { type: 'group.degraded' | 'group.recovered' }) => {
      sendById(args, args.context.holder, { type, group: args.context.name } satisfies GroupReport);
    }),
  },
});

/** Null, too, if its actor died. */
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

interface GroupSender extends Sender {
  readonly context: GroupContext;
}

/** Sends a member the names that its start waits for, if they changed. */
function hold(sender: GroupSender, server: string, names: readonly string[]): void {
  const standing = standingOf(sender.context, server);
  if (standing === null || standing.heldFor.join() === names.join()) return;
  sendById(sender, serverId(server), { type: 'round.hold', heldFor: names } satisfies ServerEvent);
}

function isOther(one: GroupContext['policy'], other: GroupPolicy): boolean {
  return one.strategy !== other.strategy || one.intensity !== other.intensity || one.periodMs !== other.periodMs;
}
