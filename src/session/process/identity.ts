/** A pid alone names nobody: the system gives it to another process some day. A pid and a start time do. */

import { statOf } from './stat.ts';

/**
 * When a process started, as an opaque string: boot id and clock ticks on Linux, UTC to the second elsewhere. A zombie
 * still has one. Null: no such process.
 */
export function startTimeOf(pid: number): string | null {
  return statOf(pid)?.startTime ?? null;
}

/** Whether the process that had `pid` at `startTime` still runs. A zombie counts as gone. */
export function isSameProcess(pid: number, startTime: string): boolean {
  const stat = statOf(pid);
  return stat !== null && !stat.isZombie && stat.startTime === startTime;
}

/**
 * Whether a process that was written down still runs; where its start time could not be told, whether any process has
 * its number.
 */
export function isAlive({ pid, startTime }: { readonly pid: number; readonly startTime: string | null }): boolean {
  return startTime === null ? startTimeOf(pid) !== null : isSameProcess(pid, startTime);
}
