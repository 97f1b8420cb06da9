/**
 * Signals to, and signs of life from, a whole process group. Servers are spawned detached, so a group has the number of
 * its leader and is a session too.
 */

import { isSystemError } from '../../system-error.ts';
import { allStats, childrenOf, type ProcessStat, statOf } from './stat.ts';

/** Sends a signal to every member. False: there was nobody, zombies aside, to take it. */
export function signalGroup(pgid: number, signal: NodeJS.Signals): boolean {
  return tryKill(pgid, signal);
}

/** Ends a group with SIGTERM; the SIGCONT behind it lets a stopped one hear it. */
export function terminateGroup(pgid: number): boolean {
  const isDelivered = signalGroup(pgid, 'SIGTERM');
  signalGroup(pgid, 'SIGCONT');
  return isDelivered;
}

/** Whether a member lives. A group of zombies only is not alive. */
export function isGroupAlive(pgid: number): boolean {
  return findLiveMember(pgid) !== null;
}

/**
 * The pid of a member that lives, or null. `guess` is looked at first: hand in the last answer when asking again, and
 * all processes need not be read.
 */
export function findLiveMember(pgid: number, guess = pgid): number | null {
  if (!tryKill(pgid, 0)) return null;
  const guessed = statOf(guess);
  if (guessed !== null && isLiveMember(guessed, pgid)) return guess;
  // Processes are read one after another: a member that forks and dies meanwhile can slip through once, so nobody is
  // called gone after one look.
  return searchLiveMember(pgid) ?? (tryKill(pgid, 0) ? searchLiveMember(pgid) : null);
}

/** All members, zombies included. */
export function membersOf(pgid: number): readonly ProcessStat[] {
  return allStats().filter((stat) => stat.groupId === pgid);
}

/**
 * CPU used so far by the leader and its descendants within the group, in clock ticks (10 ms). Null where the system
 * does not say cheaply. Members whose parents have died are not counted: finding them means reading every process of
 * the machine.
 */
export function cpuTicksOfGroup(pgid: number): number | null {
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
  // -1 is everybody and -0 is ourselves: a wrong number here must never reach the system.
  if (!Number.isSafeInteger(pgid) || pgid <= 1) throw new RangeError(`${pgid} is not a process group`);
  try {
    return process.kill(-pgid, signal);
  } catch (error) {
    // Members that we may not signal (they changed their user) are members still.
    return isSystemError(error, 'EPERM');
  }
}
