/** Ends our process groups when this process cannot any more, because it was killed in any way. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { StopPolicy } from '../../../machines/policy.ts';
import { guardScript } from './guard-script.ts';

export interface GuardedGroup {
  /** Of the leader, and so of the group. */
  readonly pid: number;
  /** Null: unknown; the group is then ended on its number alone. */
  readonly startTime: string | null;
  readonly stop: StopPolicy;
}

export interface Guard {
  /**
   * False: there is no `/bin/sh`, and nothing would end our groups after a SIGKILL of this process but the next start.
   */
  readonly available: boolean;
  /** The guard's own pid, null before the first start and between two lives. */
  readonly pid: number | null;
  /**
   * Starts the guard if it does not run: before a process is spawned, or a SIGKILL in the meantime would leave that
   * process behind.
   */
  start(): void;
  /** In the guard's pipe when this returns. Starts the guard, too. */
  add(group: GuardedGroup): void;
  remove(pid: number): void;
  /**
   * Lets the guard go; groups still on its list are ended by it. Resolves when it is gone, at once if it has work left.
   * May be called twice; does not throw.
   */
  close(): Promise<void>;
}

/** A guard that died sooner than this is replaced after this time instead of at once, in milliseconds. */
const respawnAfterMs = 1_000;

/** `onError` hears that the guard died and was or will be replaced, with all groups told to it again. */
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
    // A session of its own: the terminal's signals and the end of ours do not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  // A broken pipe is the guard's death, which `exit` tells.
  child.stdin?.on('error', () => {});
  return child;
}

function lineOf({ pid, startTime, stop }: GuardedGroup): string {
  // The shell counts in whole numbers, and ends with a fault at any other.
  const [closeMs, terminateMs, killMs] = [stop.closeMs, stop.terminateMs, stop.killMs].map(Math.ceil);
  return `+ ${pid} ${closeMs} ${terminateMs} ${killMs} ${startTime ?? '-'}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // That it cannot be used is the answer.
    return false;
  }
}
