/** Starts and kills the program that owns servers (`owner.ts`). */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface Owner {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly pids: readonly number[];
  readonly guard: number | null;
}

export interface OwnerOptions {
  readonly stateDir: string;
  readonly mark: string;
  /** What the owner calls HOW. */
  readonly how: string;
  readonly programs: readonly string[];
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

export function spawnOwner({ stateDir, mark, how, programs, env = process.env }: OwnerOptions): Owner['child'] {
  const program = fileURLToPath(new URL('owner.ts', import.meta.url));
  return spawn(process.execPath, ['--import', 'tsx', program, stateDir, mark, how, ...programs], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
}

/** Resolves when its servers answer. */
export async function startOwner(options: OwnerOptions): Promise<Owner> {
  const child = spawnOwner(options);
  for await (const line of createInterface(child.stdout)) return { child, ...JSON.parse(line) };
  throw new Error('The owner ended before it was ready.');
}

export async function killOwner({ child }: Pick<Owner, 'child'>): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
