/**
 * Rounds: which members a group stops and starts again when one of them fails, and in which order. Pure functions of
 * what the members are doing.
 */

import { type Dependencies, mayStop, reaches } from '../order.ts';
import type { Standing } from '../server/events.ts';
import { isLeft, isUp } from '../server/standing.ts';
import { entryOf } from '../table.ts';
import type { GroupContext, GroupPolicy } from './events.ts';

/** What a member is doing, as far as a round cares. `gone`: nothing of it runs, or it is given up as stuck. */
export interface Member {
  readonly generation: number;
  /** `up`: starting or connected. */
  readonly phase: 'up' | 'ending' | 'gone';
  /**
   * Connected, or not to be expected: failed, wanting a person, wanted down, finished, blocked by a dependency, without
   * an actor.
   */
  readonly settled: boolean;
}

export type Look = (server: string) => Member;

/** A member of which nothing is known has no actor, or is related to nobody yet. */
export function asMember(standing: Standing | null): Member {
  if (standing === null) return { generation: 0, phase: 'gone', settled: true };
  const { phase, generation, wanted, blockedBy } = standing;
  const isRunning = isUp(standing);
  const isEnding = !isRunning && isLeft(standing);
  const isAtRest = phase === 'resting' || phase === 'failed' || phase === 'needs-auth';
  // Or it waits for a dependency that only a person brings up.
  const waitsInVain = blockedBy !== null && !isRunning && !isEnding;
  return {
    generation,
    phase: isRunning ? 'up' : isEnding ? 'ending' : 'gone',
    settled: phase === 'connected' || isAtRest || waitsInVain || (wanted === 'down' && !isRunning),
  };
}

type Round = Pick<GroupContext, 'triggers' | 'victims'>;

/** The round with one more trigger: running members that it affects have to be stopped. */
export function withTrigger(
  { triggers, victims }: Round,
  policy: GroupPolicy,
  { trigger, look }: { readonly trigger: string; readonly look: Look },
): Round {
  const struck = [...triggers.filter((name) => name !== trigger), trigger];
  const fresh = affectedBy(policy, trigger)
    .filter((name) => !struck.includes(name) && look(name).phase === 'up')
    .map((name) => [name, look(name).generation] as const);
  const kept = Object.entries(victims).filter(([name]) => name !== trigger);
  return { triggers: struck, victims: Object.fromEntries([...kept, ...fresh]) };
}

/** Victims of which something still runs. */
export function leftOf(round: Round, look: Look): readonly string[] {
  return notYetBack(round, look).filter((name) => look(name).phase !== 'gone');
}

/** Victims of which nothing runs: stopped, or ended by themselves before they were told to stop. */
export function goneOf(round: Round, look: Look): readonly string[] {
  return notYetBack(round, look).filter((name) => look(name).phase === 'gone');
}

/** Victims that have not begun another life. */
function notYetBack({ victims }: Round, look: Look): readonly string[] {
  return Object.keys(victims).filter((name) => look(name).generation === entryOf(victims, name));
}

/** Who is to be told to stop now: in reverse order, nobody before those that depend on it. */
export function nextToStop(
  left: readonly string[],
  { order, dependencies }: GroupPolicy,
  look: Look,
): readonly string[] {
  const inOrder = order.filter((name) => left.includes(name));
  return mayStop(inOrder, dependencies).filter((name) => look(name).phase === 'up');
}

/** For whom a victim's start waits: the triggers that are still on their way, but for those that need it themselves. */
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
