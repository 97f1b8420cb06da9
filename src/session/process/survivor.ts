/** A process group that an earlier run left behind: identified with certainty, then ended. */

import { setTimeout as delay } from 'node:timers/promises';
import { isGroupAlive, membersOf, signalGroup, terminateGroup } from './group.ts';
import { startTimeIn } from './identity.ts';
import type { ProcessRecord } from './record.ts';
import { type ProcessStat, statOf } from './stat.ts';

/**
 * Whether the group on record is alive and still the same group. With a leader, its start time decides. Without one (it
 * died, but a member of its group lives on) every living member must be in the session that the leader opened and have
 * started after it, in the same boot; a stranger's group would have to have been given the very same number, opened a
 * session, and lost its leader too. Where sessions are not known such a group is left alone.
 */
export async function isSurvivor({ pid, startTime }: ProcessRecord): Promise<boolean> {
  if (startTime === null) return false;
  const leader = statOf(pid);
  if (leader !== null && startTimeIn(leader) !== startTime) return false;
  if (!(await isGroupAlive(pid))) return false;
  if (leader !== null) return true;
  const members = (await membersOf(pid)).filter((member) => !member.isZombie);
  return (
    members.length > 0 && members.every((member) => member.sessionId === pid && isLaterInSameBoot(member, startTime))
  );
}

/** SIGTERM, then SIGKILL; its stdin ended with its owner. False: it is still alive. */
export async function endSurvivor(record: ProcessRecord): Promise<boolean> {
  const { pid, stop } = record;
  terminateGroup(pid);
  if (await isGoneWithin(pid, stop.terminateMs)) return true;
  if (await isSurvivor(record)) signalGroup(pid, 'SIGKILL');
  return isGoneWithin(pid, stop.killMs);
}

async function isGoneWithin(pgid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (let pauseMs = 10; await isGroupAlive(pgid); pauseMs = Math.min(pauseMs * 1.5, 50)) {
    if (performance.now() >= deadline) return false;
    await delay(pauseMs);
  }
  return true;
}

function isLaterInSameBoot(member: ProcessStat, startTime: string): boolean {
  const [boot, ticks] = startTime.split(':');
  const [memberBoot, memberTicks] = startTimeIn(member).split(':');
  return boot === memberBoot && Number(memberTicks) >= Number(ticks);
}
