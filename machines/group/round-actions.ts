/**
 * How a group acts as one: rounds over its members, on top of how it holds them. What a round does is `rounds.ts`; the
 * chart is `group.machine.ts`.
 */

import { type AnyActorRef, assign, enqueueActions } from 'xstate';
import type { Moment, ServerContext, ServerEvent } from '../server/events.ts';
import type { GroupContext, GroupPolicy } from './events.ts';
import { groupHolding, serverId } from './holding.ts';
import { goneOf, heldFor, type Look, leftOf, type Member, nextToStop, recentRounds, withTrigger } from './rounds.ts';

interface ActorSystem {
  get(id: string): AnyActorRef | undefined;
}

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
    judge: enqueueActions(({ context, enqueue, system }, { server, at }: Lost) => {
      const { policy } = context;
      const round = withTrigger({ triggers: [], victims: {} }, policy, { trigger: server, look: lookIn(system) });
      if (Object.keys(round.victims).length === 0) return;
      const rounds = recentRounds(context.rounds, policy, at);
      if (policy.intensity > 0 && rounds.length >= policy.intensity) return enqueue.raise({ type: 'rounds.spent' });
      enqueue.assign({ rounds: [...rounds, at], ...round });
      enqueue.emit({ type: 'round.opened', trigger: server, victims: Object.keys(round.victims) });
      enqueue.raise({ type: 'round.opened' });
    }),
    join: enqueueActions(({ context, enqueue, system }, { server }: Lost) => {
      const round = withTrigger(context, context.policy, { trigger: server, look: lookIn(system) });
      enqueue.assign(round);
      enqueue.emit({ type: 'round.joined', trigger: server, victims: Object.keys(round.victims) });
    }),
    /**
     * Tells whoever may stop now to do so, and keeps triggers, and victims that have ended by themselves, from starting
     * beside members that still run.
     */
    stopMembers: enqueueActions(({ context, enqueue, system }) => {
      const { policy, triggers } = context;
      const look = lookIn(system);
      const left = leftOf(context, look);
      const held = [
        ...triggers.map((name) => ({ name, names: left })),
        ...goneOf(context, look).map((name) => ({ name, names: triggers })),
      ];
      for (const [actor, event] of held.flatMap(({ name, names }) => holdTidings(system, name, names)))
        enqueue.sendTo(actor, event);
      for (const victim of nextToStop(left, policy, look)) {
        const event: ServerEvent = { type: 'round.stop', heldFor: triggers };
        enqueue.sendTo(actorOf(system, victim), event);
      }
      if (left.length === 0) enqueue.raise({ type: 'members.stopped' });
    }),
    /** Victims wait, in their order, for the triggers that are still on their way. */
    awaitTriggers: enqueueActions(({ context, enqueue, system }) => {
      const { policy, triggers, victims } = context;
      const look = lookIn(system);
      const waiting = policy.order.filter((name) => victims[name] !== undefined);
      const tidings = waiting.flatMap((victim) =>
        holdTidings(system, victim, heldFor(victim, { triggers, look, dependencies: policy.dependencies })),
      );
      for (const [actor, event] of tidings) enqueue.sendTo(actor, event);
      if (triggers.every((trigger) => look(trigger).settled)) enqueue.raise({ type: 'triggers.settled' });
    }),
    /** Whoever waits for others of the round waits no longer. */
    release: enqueueActions(({ context, enqueue, system }) => {
      for (const name of [...context.triggers, ...Object.keys(context.victims)]) {
        for (const [actor, event] of holdTidings(system, name, [])) enqueue.sendTo(actor, event);
      }
    }),
    forgetMember: assign(({ context }, { server }: { server: string }) => ({
      triggers: context.triggers.filter((name) => name !== server),
      victims: Object.fromEntries(Object.entries(context.victims).filter(([name]) => name !== server)),
    })),
    closeRound: enqueueActions(({ context, enqueue, system }) => {
      const look = lookIn(system);
      const started = context.policy.order.filter(
        (name) => context.victims[name] !== undefined && !isAtRest(look(name)),
      );
      enqueue.assign({ triggers: [], victims: {} });
      enqueue.emit({ type: 'round.closed', started });
    }),
    forgetRounds: assign({ rounds: [] }),
    reportDegraded: enqueueActions(({ context, enqueue, self }) => {
      if (self._parent !== undefined) enqueue.sendTo(self._parent, { type: 'group.degraded', group: context.name });
    }),
    reportRecovered: enqueueActions(({ context, enqueue, self }) => {
      if (self._parent !== undefined) enqueue.sendTo(self._parent, { type: 'group.recovered', group: context.name });
    }),
  },
});

function isAtRest({ phase, settled }: Member): boolean {
  return phase === 'gone' && settled;
}

/** What a member is to be told, if it is held for others than it knows of. */
function holdTidings(
  system: ActorSystem,
  server: string,
  names: readonly string[],
): readonly (readonly [AnyActorRef, ServerEvent])[] {
  const actor = system.get(serverId(server));
  return actor === undefined || contextOf(actor).heldFor.join() === names.join()
    ? []
    : [[actor, { type: 'round.hold', heldFor: names }]];
}

function lookIn(system: ActorSystem): Look {
  return (server) => {
    const actor = system.get(serverId(server));
    return actor === undefined ? { generation: 0, phase: 'gone', settled: true } : memberOf(actor);
  };
}

function memberOf(actor: AnyActorRef): Member {
  const snapshot = actor.getSnapshot() as { matches(state: unknown): boolean; hasTag(tag: string): boolean };
  const { generation, wanted, blockedBy } = contextOf(actor);
  const isStuck = snapshot.matches({ stopping: 'stuck' }) || snapshot.matches({ 'heartbeat-timeout': 'stuck' });
  const isUp = snapshot.matches('starting') || snapshot.matches('connected');
  const phase = isUp ? 'up' : snapshot.hasTag('live') && !isStuck ? 'ending' : 'gone';
  // Connected, failed, wanting a person, or at rest; or waiting for a dependency that only a person brings up.
  const waitsInVain = blockedBy !== null && phase === 'gone';
  return { generation, phase, settled: snapshot.hasTag('settled') || waitsInVain || (wanted === 'down' && !isUp) };
}

function contextOf(actor: AnyActorRef): ServerContext {
  return (actor.getSnapshot() as { readonly context: ServerContext }).context;
}

function actorOf(system: ActorSystem, server: string): AnyActorRef {
  return system.get(serverId(server)) as AnyActorRef;
}

function isOther(one: GroupContext['policy'], other: GroupPolicy): boolean {
  return one.strategy !== other.strategy || one.intensity !== other.intensity || one.periodMs !== other.periodMs;
}
