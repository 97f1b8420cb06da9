/** What the system knows about a process: from `/proc` on Linux (no fork, 15 µs), from `ps` elsewhere (8 ms). */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isShortage } from '../../surroundings.ts';

export interface ProcessStat {
  readonly pid: number;
  /** Dead, but its parent has not waited for it yet. */
  readonly isZombie: boolean;
  readonly groupId: number;
  /** Null where there is only `ps`. */
  readonly sessionId: number | null;
  /** When it started: clock ticks since boot on Linux, else UTC to the second. Does not say which boot. */
  readonly startedAt: string;
  /**
   * CPU used by the process and the children it has waited for, in clock ticks (10 ms). Null where there is only `ps`.
   */
  readonly cpuTicks: number | null;
}

export const hasProc = process.platform === 'linux';

/** Null: there is no such process. Throws if this process is short of descriptors or memory: then nobody knows. */
export function statOf(pid: number): ProcessStat | null {
  return hasProc ? procStatOf(pid) : (psStats(['-p', String(pid)])[0] ?? null);
}

/** All pids, from `/proc`. */
export function allPids(): readonly number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** All processes, where there is only `ps`. */
export function statsFromPs(): readonly ProcessStat[] {
  return psStats(['-A']);
}

/** The children of a process, of all its threads. Empty where the system does not say. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1'));
    return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
  } catch {
    // The process is gone, or the kernel was built without these files: no children are known.
    return [];
  }
}

/** How often the threads of a process waited for something, by their own choice. 0 where the system does not say. */
export function wakeupsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
      return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
    }, 0);
  } catch {
    // The process or one of its threads is gone.
    return 0;
  }
}

function procStatOf(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (isShortage(error)) throw error;
    // It ended before or during the read.
    return null;
  }
  // The second field is the program's name in parentheses and may hold anything, even parentheses, spaces and line
  // breaks: the other fields begin after the last parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): string => fields[number - 3] ?? '';
  return {
    pid,
    isZombie: field(3) === 'Z' || field(3) === 'X',
    groupId: Number(field(5)),
    sessionId: Number(field(6)),
    startedAt: field(22),
    cpuTicks: Number(field(14)) + Number(field(15)) + Number(field(16)) + Number(field(17)),
  };
}

function psStats(which: readonly string[]): readonly ProcessStat[] {
  const env = { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' };
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '-o', 'pgid=', '-o', 'stat=', '-o', 'lstart=', ...which], {
    env,
    encoding: 'utf8',
  });
  return (stdout ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [pid, groupId, state, ...startedAt] = line.trim().split(/\s+/);
      return {
        pid: Number(pid),
        isZombie: state?.startsWith('Z') ?? false,
        groupId: Number(groupId),
        sessionId: null,
        startedAt: startedAt.join(' '),
        cpuTicks: null,
      };
    });
}
