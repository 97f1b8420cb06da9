/**
 * Signals to a whole process group, and whether it is alive. Servers are spawned detached, so a group has the number of
 * its leader and is a session too.
 */

import { isShortage } from '../../surroundings.ts';
import { isSystemError } from '../../system-error.ts';
import { statsOfAll } from './pass.ts';
import { childrenOf, type ProcessStat, statOf } from './stat.ts';

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

/** Whether a member lives. A group of zombies is not alive. Does not reject. */
export async function isGroupAlive(pgid: number): Promise<boolean> {
  return (knownMember(pgid, pgid) ?? (await findLiveMember(pgid))) !== 'none';
}

/**
 * What can be told at once: `none` of a group that the system does not know any more, `guess` if that member lives, or
 * null. Pass the last answer as the guess, and usually not all processes have to be read.
 */
export function knownMember(pgid: number, guess: number): number | 'none' | null {
  if (!tryKill(pgid, 0)) return 'none';
  try {
    const guessed = statOf(guess);
    return guessed !== null && isLiveMember(guessed, pgid) ? guess : null;
  } catch (error) {
    if (isShortage(error)) return guess;
    throw error;
  }
}

/**
 * The pid of a living member. A group that cannot be looked at for want of descriptors counts as alive, by the number
 * of its leader. Does not reject.
 */
export async function findLiveMember(pgid: number): Promise<number | 'none'> {
  try {
    // Processes are read one after another: a member that forks and then dies can be missed once, so look twice before
    // calling a group gone.
    return (await searchLiveMember(pgid)) ?? (tryKill(pgid, 0) ? await searchLiveMember(pgid) : null) ?? 'none';
  } catch (error) {
    if (isShortage(error)) return pgid;
    throw error;
  }
}

/** All members, zombies included. */
export async function membersOf(pgid: number): Promise<readonly ProcessStat[]> {
  return (await statsOfAll()).filter((stat) => stat.groupId === pgid);
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

async function searchLiveMember(pgid: number): Promise<number | null> {
  return (await statsOfAll()).find((stat) => isLiveMember(stat, pgid))?.pid ?? null;
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
