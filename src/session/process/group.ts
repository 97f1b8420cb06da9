/**
 * Signals to a whole process group, and whether it is alive. Servers are spawned detached, so a group has the number of
 * its leader and is a session too.
 */

import { isShortage } from '../../surroundings.ts';
import { isSystemError } from '../../system-error.ts';
import { allStats, childrenOf, type ProcessStat, statOf } from './stat.ts';

/** Sends a signal to every member. False: there was no living member. */
export function signalGroup(pgid: number, signal: NodeJS.Signals): boolean {
  return tryKill(pgid, signal);
}

/** Ends a group with SIGTERM; the SIGCONT after it lets a stopped one receive it. */
export function terminateGroup(pgid: number): boolean {
  const isDelivered = signalGroup(pgid, 'SIGTERM');
  signalGroup(pgid, 'SIGCONT');
  return isDelivered;
}

/** Whether a member lives. A group of zombies is not alive. */
export function isGroupAlive(pgid: number): boolean {
  return findLiveMember(pgid) !== null;
}

/**
 * The pid of a living member, or null. `guess` is checked first: pass the last answer, and usually not all processes
 * have to be read. A group that cannot be looked at for want of descriptors counts as alive.
 */
export function findLiveMember(pgid: number, guess = pgid): number | null {
  if (!tryKill(pgid, 0)) return null;
  try {
    return liveMemberOf(pgid, guess);
  } catch (error) {
    if (isShortage(error)) return guess;
    throw error;
  }
}

function liveMemberOf(pgid: number, guess: number): number | null {
  const guessed = statOf(guess);
  if (guessed !== null && isLiveMember(guessed, pgid)) return guess;
  // Processes are read one after another: a member that forks and then dies can be missed once, so look twice before
  // calling a group gone.
  return searchLiveMember(pgid) ?? (tryKill(pgid, 0) ? searchLiveMember(pgid) : null);
}

/** All members, zombies included. */
export function membersOf(pgid: number): readonly ProcessStat[] {
  return allStats().filter((stat) => stat.groupId === pgid);
}

/**
 * CPU used so far by the leader and its descendants within the group, in clock ticks (10 ms). Null where the system has
 * no cheap way to tell. Members whose parents have died are not counted: finding them would mean reading every process
 * of the machine.
 */
export function cpuTicksOfGroup(pgid: number): number | null {
  try {
    return sumOfTicks(pgid);
  } catch (error) {
    if (isShortage(error)) return null;
    throw error;
  }
}

function sumOfTicks(pgid: number): number | null {
  let ticks: number | null = null;
  const pids = [pgid];
  for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
    const stat = statOf(pid);
    if (stat === null || stat.groupId !== pgid || stat.cpuTicks === null) continue;
    ticks = (ticks ?? 0) + stat.cpuTicks;
    pids.push(...childrenOf(pid));
  }
  return ticks;
}

function searchLiveMember(pgid: number): number | null {
  return allStats().find((stat) => isLiveMember(stat, pgid))?.pid ?? null;
}

function isLiveMember(stat: ProcessStat, pgid: number): boolean {
  return stat.groupId === pgid && !stat.isZombie;
}

function tryKill(pgid: number, signal: NodeJS.Signals | 0): boolean {
  // -1 means everybody and -0 ourselves: a wrong number must never reach the system.
  if (!Number.isSafeInteger(pgid) || pgid <= 1) throw new RangeError(`${pgid} is not a process group`);
  try {
    return process.kill(-pgid, signal);
  } catch (error) {
    // EPERM: there are members, but they changed their user.
    return isSystemError(error, 'EPERM');
  }
}
