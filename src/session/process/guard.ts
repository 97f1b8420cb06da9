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

/** A server that is about to be spawned. */
export interface ExpectedMark {
  /** What is in the server's environment beside our instance: `keyOf` of its mark. */
  readonly key: string;
  readonly stop: StopPolicy;
}

export interface Guard {
  /** False: there is no `/bin/sh`, so after a SIGKILL of this process our groups would run until the next start. */
  readonly available: boolean;
  /** The guard's own pid; null before its first start and while it is being replaced. */
  readonly pid: number | null;
  /**
   * To be called before a process is spawned: from now on whatever bears this mark and is in no group on the list is
   * ended, too. It is in the guard's pipe when this returns. Starts the guard if it does not run.
   */
  expect(mark: ExpectedMark): void;
  forget(key: string): void;
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
  instance = 'none',
}: {
  readonly onError?: (reason: string) => void;
  readonly shell?: string;
  /** Of this run; in the mark of every process. */
  readonly instance?: string;
} = {}): Guard {
  const groups = new Map<number, GuardedGroup>();
  const marks = new Map<string, ExpectedMark>();
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
      const started = spawnShell(shell, instance);
      child = started;
      started.once('exit', (code, signal) => replace(started, startedAtMs, `the guard ended (${signal ?? code})`));
      started.once('error', (error) => replace(started, startedAtMs, error.message));
      for (const mark of marks.values()) send(lineOfMark(mark));
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
    expect(mark) {
      if (!available || closed) return;
      start();
      marks.set(mark.key, mark);
      send(lineOfMark(mark));
    },
    forget(key) {
      if (marks.delete(key)) send(`~ ${key}`);
    },
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
      if (groups.size + marks.size > 0) return Promise.resolve();
      return new Promise((resolve) => {
        ending.ref();
        ending.once('exit', () => resolve());
        ending.once('error', () => resolve());
      });
    },
  };
}

type Child = ChildProcessByStdio<Writable, null, null>;

function spawnShell(shell: string, instance: string): Child {
  const child = spawn(shell, ['-c', guardScript, 'mcpvisor-guard', instance], {
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
  return `+ ${pid} ${timesOf(stop)} ${startTime ?? '-'}`;
}

function lineOfMark({ key, stop }: ExpectedMark): string {
  return `= ${key} ${timesOf(stop)}`;
}

/** The shell calculates in whole numbers, and any other would end it with an error. */
function timesOf({ closeMs, terminateMs, killMs }: StopPolicy): string {
  return [closeMs, terminateMs, killMs].map(Math.ceil).join(' ');
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
