/** Ends our process groups when this process cannot, because it was killed in any way. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { type ExpectedMark, type GuardedGroup, lineOf, lineOfMark } from './lines.ts';
import { guardScript } from './script.ts';

export interface Guard {
  /** The guard's own pid; null before its first start and while it is being replaced. */
  readonly pid: number | null;
  /**
   * To be called before a process is spawned: from now on whatever bears this mark and is in no group on the list is
   * ended, too, and so is the container. It is in the guard's pipe when this returns. Starts the guard if it does not run.
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

export interface GuardOptions {
  /**
   * Called with the reason when there is no guard that works: a SIGKILL of this process would then leave its servers
   * running until the next start. With null once there is one again.
   */
  readonly onTrouble?: (reason: string | null) => void;
  readonly shell?: string;
  /** Of this run; in the mark of every process. */
  readonly instance?: string;
}

/**
 * A guard that dies before it has lived so long is replaced after this time instead of at once, and the next one after
 * twice as long, in milliseconds.
 */
const firstRespawnMs = 1_000;
const lastRespawnMs = 60_000;

/** A shell that has not said `ready` by then is none, in milliseconds. */
const readyMs = 10_000;

export function createGuard({ onTrouble = () => {}, shell = '/bin/sh', instance = 'none' }: GuardOptions = {}): Guard {
  const groups = new Map<number, GuardedGroup>();
  const marks = new Map<string, ExpectedMark>();
  let child: Child | null = null;
  let respawning: NodeJS.Timeout | null = null;
  let respawnMs = firstRespawnMs;
  let closed = false;

  const send = (line: string): void => {
    child?.stdin.write(`${line}\n`);
  };

  const replace = (lost: Child | null, startedAtMs: number, reason: string): void => {
    if (child !== lost || closed) return;
    child = null;
    const isLongLived = performance.now() - startedAtMs >= firstRespawnMs;
    if (isLongLived) {
      respawnMs = firstRespawnMs;
      onTrouble(reason);
      launch();
      return;
    }
    respawning = setTimeout(launch, respawnMs).unref();
    respawnMs = Math.min(respawnMs * 2, lastRespawnMs);
    onTrouble(reason);
  };

  const launch = (): void => {
    respawning = null;
    const startedAtMs = performance.now();
    try {
      const started = spawnShell(shell, instance);
      child = started;
      const isReady = awaitReady(started, (ready) => {
        if (child === started) onTrouble(ready ? null : `the guard (${shell}) does not work as a shell`);
      });
      started.once('exit', (code, signal) => {
        const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
        replace(started, startedAtMs, `the guard (${shell}) ${how}${isReady() ? '' : ' before it could do anything'}`);
      });
      started.once('error', (error) =>
        replace(started, startedAtMs, `the guard (${shell}) cannot be started: ${error.message}`),
      );
      for (const mark of marks.values()) send(lineOfMark(mark));
      for (const group of groups.values()) send(lineOf(group));
    } catch (error) {
      replace(null, startedAtMs, `the guard (${shell}) cannot be started: ${String(error)}`);
    }
  };

  const start = (): void => {
    if (!closed && child === null && respawning === null) launch();
  };
  return {
    get pid() {
      return child?.pid ?? null;
    },
    expect(mark) {
      if (closed) return;
      start();
      marks.set(mark.key, mark);
      send(lineOfMark(mark));
    },
    forget(key) {
      if (marks.delete(key)) send(`~ ${key}`);
    },
    add(group) {
      if (closed) return;
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
      ending.stdin.end();
      if (groups.size + marks.size > 0) return Promise.resolve();
      return new Promise((resolve) => {
        ending.ref();
        ending.once('exit', () => resolve());
        ending.once('error', () => resolve());
      });
    },
  };
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

function spawnShell(shell: string, instance: string): Child {
  const child = spawn(shell, ['-c', guardScript, 'mcpvisor-guard', instance], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' },
    // In its own session, so that neither the terminal's signals nor the end of our session reach it.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) {
    if (pipe instanceof Socket) pipe.unref();
    // A broken pipe means that the guard died, which `exit` reports.
    pipe?.on('error', () => {});
  }
  return child;
}

/** Calls `tell` once: whether the shell said `ready`, and nothing else. Returns whether it has. */
function awaitReady(child: Child, tell: (ready: boolean) => void): () => boolean {
  let isReady = false;
  const timer = setTimeout(() => tell(false), readyMs).unref();
  child.stdout?.once('data', (said: Buffer) => {
    isReady = said.toString('latin1') === 'ready\n';
    clearTimeout(timer);
    child.stdout.destroy();
    tell(isReady);
  });
  child.once('exit', () => clearTimeout(timer));
  return () => isReady;
}
