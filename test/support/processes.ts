/** Finding processes by a mark in their arguments, and waiting until something is true of them. */

import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** An argument for a program that nothing else on the machine has. */
export function createMark(): string {
  return `--mark=${randomUUID()}`;
}

/** Pids of the living processes with `mark` in their arguments, zombies left out. Needs `/proc`. */
export function pidsMarked(mark: string): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && readProc(entry, 'cmdline').includes(mark) && stateOf(entry) !== 'Z')
    .map(Number);
}

/** Whether a process runs, zombies left out. Needs `/proc`. */
export function isRunning(pid: number): boolean {
  const state = stateOf(String(pid));
  return state !== '' && state !== 'Z';
}

/** Resolves when `isTrue` says so; rejects, naming `what`, after `withinMs` milliseconds (default 20 000). */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`It did not come true within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}

/** Resolves when no process with `mark` is left. */
export async function untilNoneMarked(mark: string, withinMs?: number): Promise<void> {
  await until(`no process marked ${mark} is left`, () => pidsMarked(mark).length === 0, withinMs);
}

/** Ends whatever a failed test left behind. */
export function killMarked(mark: string): void {
  for (const pid of pidsMarked(mark)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went by itself meanwhile.
    }
  }
}

function stateOf(pid: string): string {
  const stat = readProc(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0] ?? '';
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Gone, before or while it was read.
    return '';
  }
}
