/**
 * What is watched in the process that is measured: its event loop, its time on both clocks, its heap, and a clock that
 * other processes share.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

const resolutionMs = 5;

export interface Lateness {
  readonly p99Ms: number;
  readonly worstMs: number;
}

/**
 * Watches how late the loop is until the returned function is called. Both wait for a tick, so that a block which
 * begins or ends there counts.
 */
export async function watchLoop(): Promise<() => Promise<Lateness>> {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  await setTimeout(4 * resolutionMs);
  return async () => {
    await setTimeout(4 * resolutionMs);
    delays.disable();
    const lateMs = (ns: number) => Math.max(0, ns / 1e6 - resolutionMs);
    return { p99Ms: lateMs(delays.percentile(99)), worstMs: lateMs(delays.max) };
  };
}

export interface Spent {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Both clocks: where other programs want the same cores, CPU time says what is ours. */
export function watchTime(): () => Spent {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    return { wallMs: performance.now() - startedAt, cpuMs: (user + system) / 1_000 };
  };
}

export function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** With what lies outside the heap: sockets, buffers, and what the allocator keeps. */
export function residentBytes(): number {
  collectGarbage();
  return process.memoryUsage.rss();
}

function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
}

/** Milliseconds on the machine's monotonic clock: the same in every process. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
