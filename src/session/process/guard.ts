/** Ends our process groups when this process cannot, because it was killed in any way. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { StopPolicy } from '../../../machines/policy.ts';
import { guardScript } from './guard-script.ts';

export interface GuardedGroup {
  /** The pid of the leader, which is the number of the group. */
  readonly pid: number;
  /** Null: unknown; the group is then ended by its number alone. */
  readonly startTime: string | null;
  readonly stop: StopPolicy;
}

export interface Guard {
  /** False: there is no `/bin/sh`, so after a SIGKILL of this process our groups would run until the next start. */
  readonly available: boolean;
  /** The guard's own pid; null before its first start and while it is being replaced. */
  readonly pid: number | null;
  /**
   * Starts the guard if it does not run. To be called before a process is spawned: a SIGKILL in between would leave
   * that process behind.
   */
  start(): void;
  /** The group is in the guard's pipe when this returns. Starts the guard, too. */
  add(group: GuardedGroup): void;
  remove(pid: number): void;
  /**
   * Releases the guard, which ends the groups still on its list. Resolves when it is gone, or at once if it has work
   * left. May be called twice; does not throw.
   */
  close(): Promise<void>;
}

/** A guard that dies sooner than this is replaced after this time instead of at once, in milliseconds. */
const respawnAfterMs = 1_000;

/** `onError` is called when the guard has died; it was or will be replaced, and the new one gets all groups. */
export function createGuard({
  onError = () => {},
  shell = '/bin/sh',
}: {
  readonly onError?: (reason: string) => void;
  readonly shell?: string;
} = {}): Guard {
  const groups = new Map<number, GuardedGroup>();
  const available = isExecutable(shell);
  let child: Child | null = null;
  let respawning: NodeJS.Timeout | null = null;
  let closed = false;

  const send = (line: string): void => {
    child?.stdin?.write(`${line}\n`);
  };

  const replace = (lost: Child | null, startedAtMs: number, reason: string): void => {
    if (child !== lost || closed) return;
    child = null;
    const isLongLived = performance.now() - startedAtMs >= respawnAfterMs;
    if (isLongLived) launch();
    else respawning = setTimeout(launch, respawnAfterMs).unref();
    onError(reason);
  };

  const launch = (): void => {
    respawning = null;
    const startedAtMs = performance.now();
    try {
      const started = spawnShell(shell);
      child = started;
      started.once('exit', (code, signal) => replace(started, startedAtMs, `the guard ended (${signal ?? code})`));
      started.once('error', (error) => replace(started, startedAtMs, error.message));
      for (const group of groups.values()) send(lineOf(group));
    } catch (error) {
      replace(null, startedAtMs, String(error));
    }
  };

  const start = (): void => {
    if (available && !closed && child === null && respawning === null) launch();
  };

  return {
    available,
    get pid() {
      return child?.pid ?? null;
    },
    start,
    add(group) {
      if (!available || closed) return;
      start();
      groups.set(group.pid, group);
      send(lineOf(group));
    },
    remove(pid) {
      if (groups.delete(pid)) send(`- ${pid}`);
    },
    close() {
      closed = true;
      if (respawning !== null) clearTimeout(respawning);
      const ending = child;
      if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return Promise.resolve();
      ending.stdin?.end();
      if (groups.size > 0) return Promise.resolve();
      return new Promise((resolve) => {
        ending.ref();
        ending.once('exit', () => resolve());
        ending.once('error', () => resolve());
      });
    },
  };
}

type Child = ChildProcessByStdio<Writable, null, null>;

function spawnShell(shell: string): Child {
  const child = spawn(shell, ['-c', guardScript, 'mcpvisor-guard'], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' },
    // In its own session, so that neither the terminal's signals nor the end of our session reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  // A broken pipe means that the guard died, which `exit` reports.
  child.stdin?.on('error', () => {});
  return child;
}

function lineOf({ pid, startTime, stop }: GuardedGroup): string {
  // The shell calculates in whole numbers, and any other would end it with an error.
  const [closeMs, terminateMs, killMs] = [stop.closeMs, stop.terminateMs, stop.killMs].map(Math.ceil);
  return `+ ${pid} ${closeMs} ${terminateMs} ${killMs} ${startTime ?? '-'}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // False is the answer.
    return false;
  }
}
