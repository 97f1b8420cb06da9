/** Starts a client process. It belongs to nobody: it lives on when its parent is killed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { wordsOf } from '../../../text/error-words.ts';
import type { OwnLog } from './own-log.ts';

/** How it ended. */
export interface Exit {
  readonly reason: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Forked {
  /** Null: it could not be started. */
  readonly pid: number | null;
  /** Resolves when it listens; never, if it does not come so far. */
  readonly listening: Promise<void>;
  /** Never rejects. */
  readonly exited: Promise<Exit>;
  kill(): void;
}

/** What Node is given to run it: the arguments before those of the process. */
export type ClientProgram = readonly string[];

/** The program that belongs to this version. */
export function ownClientProgram(): ClientProgram {
  const folder = dirname(createRequire(import.meta.url).resolve('mcpvisor/package.json'));
  return [join(folder, 'dist', 'src', 'client-process.js')];
}

export function forkClientProcess(program: ClientProgram, stateDir: string, log: OwnLog): Forked {
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...program, stateDir], {
      cwd: '/',
      // In a session of its own, so that neither a terminal's signals nor the end of our session reach it.
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
  } catch (error) {
    return unstarted(error);
  }
  child.unref();
  return {
    pid: child.pid ?? null,
    listening: new Promise((resolve) => {
      child.once('message', () => {
        child.channel?.unref();
        resolve();
      });
    }),
    exited: new Promise((resolve) => {
      child.once('error', (error) => resolve({ reason: wordsOf(error), exitCode: null, signal: null }));
      child.once('exit', (exitCode, signal) =>
        resolve({
          reason: signal === null ? `it ended with exit code ${exitCode}` : `it was ended by ${signal}`,
          exitCode,
          signal,
        }),
      );
    }),
    kill: () => void child.kill('SIGKILL'),
  };
}

function unstarted(error: unknown): Forked {
  return {
    pid: null,
    listening: new Promise(() => {}),
    exited: Promise.resolve({ reason: `it cannot be started: ${wordsOf(error)}`, exitCode: null, signal: null }),
    kill() {},
  };
}
