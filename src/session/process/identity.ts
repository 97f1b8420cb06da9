/** A pid alone names nobody: the system gives it to another process some day. A pid and a start time do. */

import { readFileSync } from 'node:fs';
import { hasProc, type ProcessStat, statOf } from './stat.ts';

let bootId: string | null = null;

/**
 * When a process started, as an opaque string: boot id and clock ticks on Linux, UTC to the second elsewhere. A zombie
 * still has one. Null: no such process. Throws where the system hides which boot this is: then nothing is known of any
 * process for sure.
 */
export function startTimeOf(pid: number): string | null {
  const stat = statOf(pid);
  return stat === null ? null : startTimeIn(stat);
}

/** The same, of what has been read already. */
export function startTimeIn({ startedAt }: ProcessStat): string {
  if (!hasProc) return startedAt;
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return `${bootId}:${startedAt}`;
}

/** Whether the process that had `pid` at `startTime` still runs. A zombie counts as gone. */
export function isSameProcess(pid: number, startTime: string): boolean {
  const stat = statOf(pid);
  return stat !== null && !stat.isZombie && startTimeIn(stat) === startTime;
}

/**
 * Whether a process that was written down still runs; where its start time could not be told, whether any process has
 * its number.
 */
export function isAlive({ pid, startTime }: { readonly pid: number; readonly startTime: string | null }): boolean {
  return startTime === null ? startTimeOf(pid) !== null : isSameProcess(pid, startTime);
}
