/**
 * Rounds: which members a group restarts when one of them fails, and in which order. Pure functions of what the
 * members are doing.
 */

import { type Dependencies, mayStop, reaches } from '../order.ts';
import type { Standing } from '../server/events.ts';
import { isLeft, isUp } from '../server/standing.ts';
import { entryOf } from '../table.ts';
import type { GroupContext, GroupPolicy } from './events.ts';

/** What a member is doing, as far as a round needs to know. */
export interface Member {
  readonly generation: number;
  /** `up`: starting or connected. `gone`: nothing of it runs, or it is stuck and not waited for. */
  readonly phase: 'up' | 'ending' | 'gone';
  /**
   * Connected, or not going to connect by itself: failed, in `needs-auth`, wanted down, finished, blocked by a
   * dependency, not approved, or without an actor.
   */
  readonly settled: boolean;
}

export type Look = (server: string) => Member;

/** Null: it has no actor, or is not related to other servers yet. */
export function asMember(standing: Standing | null): Member {
  if (standing === null) return { generation: 0, phase: 'gone', settled: true };
  const { phase, generation, wanted, blockedBy, isApproved } = standing;
  const isRunning = isUp(standing);
  const isEnding = !isRunning && isLeft(standing);
  const isAtRest = phase === 'resting' || phase === 'failed' || phase === 'needs-auth';
  // It does not connect unless a person acts: on a dependency, or on its specification.
  const waitsInVain = (blockedBy !== null || !isApproved) && !isRunning && !isEnding;
  return {
    generation,
    phase: isRunning ? 'up' : isEnding ? 'ending' : 'gone',
    settled: phase === 'connected' || isAtRest || waitsInVain || (wanted === 'down' && !isRunning),
  };
}

type Round = Pick<GroupContext, 'triggers' | 'victims'>;

/** The round with one more trigger: the affected members that run become victims. */
export function withTrigger(
  { triggers, victims }: Round,
  policy: GroupPolicy,
  { trigger, look }: { readonly trigger: string; readonly look: Look },
): Round {
  const allTriggers = [...triggers.filter((name) => name !== trigger), trigger];
  const fresh = affectedBy(policy, trigger)
    .filter((name) => !allTriggers.includes(name) && look(name).phase === 'up')
    .map((name) => [name, look(name).generation] as const);
  const kept = Object.entries(victims).filter(([name]) => name !== trigger);
  return { triggers: allTriggers, victims: Object.fromEntries([...kept, ...fresh]) };
}

/** Victims that still run. */
export function leftOf(round: Round, look: Look): readonly string[] {
  return notYetBack(round, look).filter((name) => look(name).phase !== 'gone');
}

/** Victims that do not run any more: they were stopped, or ended by themselves before that. */
export function goneOf(round: Round, look: Look): readonly string[] {
  return notYetBack(round, look).filter((name) => look(name).phase === 'gone');
}

/** Victims that have not started again. */
function notYetBack({ victims }: Round, look: Look): readonly string[] {
  return Object.keys(victims).filter((name) => look(name).generation === entryOf(victims, name));
}

/** The victims to stop now, in reverse order: each only after its dependents. */
export function nextToStop(
  left: readonly string[],
  { order, dependencies }: GroupPolicy,
  look: Look,
): readonly string[] {
  const inOrder = order.filter((name) => left.includes(name));
  return mayStop(inOrder, dependencies).filter((name) => look(name).phase === 'up');
}

/** The triggers that a victim's start waits for: those that have not settled, except its own dependents. */
export function heldFor(
  victim: string,
  {
    triggers,
    look,
    dependencies,
  }: { readonly triggers: readonly string[]; readonly look: Look; readonly dependencies: Dependencies },
): readonly string[] {
  return triggers.filter((trigger) => !look(trigger).settled && !reaches(trigger, victim, dependencies));
}

/** The times of the rounds within the period before `at`. */
export function recentRounds(rounds: readonly number[], { periodMs }: GroupPolicy, at: number): readonly number[] {
  return rounds.filter((openedAt) => openedAt > at - periodMs);
}

function affectedBy({ strategy, order }: GroupPolicy, trigger: string): readonly string[] {
  if (strategy === 'one-for-one') return [];
  return strategy === 'rest-for-one'
    ? order.slice(order.indexOf(trigger) + 1)
    : order.filter((name) => name !== trigger);
}
