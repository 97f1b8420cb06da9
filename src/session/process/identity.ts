/** A pid alone identifies no process, because the system reuses it. A pid and a start time do. */

import { readFileSync } from 'node:fs';
import { isSystemError } from '../../system-error.ts';
import { hasProc, type ProcessStat, statOf } from './stat.ts';

let bootId: string | null = null;

/**
 * When a process started, as an opaque string: boot id and clock ticks on Linux, UTC to the second elsewhere. A zombie
 * still has one. Null: no such process. Throws where the system hides the boot id, since no process can be identified
 * then.
 */
export function startTimeOf(pid: number): string | null {
  const stat = statOf(pid);
  return stat === null ? null : startTimeIn(stat);
}

/** The same, from a stat that was read already. */
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

/** Whether a recorded process still runs; if its start time was unknown, whether any process has its pid. */
export function isAlive({ pid, startTime }: { readonly pid: number; readonly startTime: string | null }): boolean {
  return startTime === null ? startTimeOf(pid) !== null : isSameProcess(pid, startTime);
}

/** Sends a signal to this one process, if it still runs. */
export function signalProcess(
  { pid, startTime }: { readonly pid: number; readonly startTime: string },
  signal: NodeJS.Signals,
): void {
  if (!isSameProcess(pid, startTime)) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended in this moment, or changed its user: whether it is gone is checked, not concluded from this.
    if (!isSystemError(error, 'ESRCH') && !isSystemError(error, 'EPERM')) throw error;
  }
}
