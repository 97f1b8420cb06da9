/**
 * Whether the processes of a server are at work before it answers: a package runner downloads and unpacks, a program
 * compiles, a container is pulled. Who they are does not matter, only what they do.
 */

import { readFileSync } from 'node:fs';
import { hasConnection } from './connections.ts';
import { childrenOf, hasProc, statOf, wakeupsOf } from './stat.ts';

/** What a process and all its descendants have done so far. */
interface Work {
  readonly pids: ReadonlySet<number>;
  /** In clock ticks (10 ms). */
  readonly cpuTicks: number;
  /** Read and written, pipes included, and sockets that are read like files. */
  readonly bytes: number;
  /** How often they waited for something that came. */
  readonly wakeups: number;
}

/** Less is what an idle program does anyway: timers, a file that is looked at now and then. */
const leastTicks = 2;
const leastBytes = 1_024;
/** Of a program with a connection: what most of them receive is counted nowhere, but it wakes them. */
const leastWakeups = 2;

/** So many processes are looked at. */
const maxProcesses = 256;

/**
 * The returned function tells whether they did something since it was called last, or since the start. Where the system
 * does not say, they always did.
 */
export function createActivity(pid: number): () => boolean {
  let before: Work = { pids: new Set([pid]), cpuTicks: 0, bytes: 0, wakeups: 0 };
  return () => {
    if (!hasProc) return true;
    const [past, now] = [before, workOf(pid)];
    before = now;
    return (
      now.cpuTicks - past.cpuTicks >= leastTicks ||
      now.bytes - past.bytes >= leastBytes ||
      [...now.pids].some((one) => !past.pids.has(one)) ||
      (now.wakeups - past.wakeups >= leastWakeups && hasConnection([...now.pids]))
    );
  };
}

function workOf(root: number): Work {
  const pids = new Set<number>();
  let [cpuTicks, bytes, wakeups] = [0, 0, 0];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined && pids.size < maxProcesses; pid = open.pop()) {
    const stat = statOf(pid);
    if (stat === null || pids.has(pid)) continue;
    pids.add(pid);
    cpuTicks += stat.cpuTicks ?? 0;
    bytes += bytesOf(pid);
    wakeups += wakeupsOf(pid);
    open.push(...childrenOf(pid));
  }
  return { pids, cpuTicks, bytes, wakeups };
}

/** What it read and wrote; 0 when it is gone, or may not be looked at. */
function bytesOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/io`, 'latin1');
    return [...text.matchAll(/^[rw]char: (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  } catch {
    // It ended, or has another user.
    return 0;
  }
}
