/** Commands against a control plane of a scene, and lines of those that stay. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from '../finishing.ts';
import { isRunning, until } from '../processes.ts';
import type { Ending, Running, RunOptions, Scene } from './daemon.ts';

export interface CommandLine {
  /** Runs a command with `--state-dir` of the scene to its end. */
  command(...words: string[]): Promise<Ending>;
  /** The same with `--json`: what it printed, parsed. */
  json(...words: string[]): Promise<unknown>;
  /** Starts a command that stays. */
  stays(words: readonly string[], options?: RunOptions): Running;
}

export function commandLineOf({ run, stateDir }: Scene): CommandLine {
  const withState = (words: readonly string[]) => [words[0] ?? '', '--state-dir', stateDir, ...words.slice(1)];
  const command: CommandLine['command'] = (...words) => run(withState(words)).ended;
  return {
    command,
    async json(...words) {
      return JSON.parse((await command(...words, '--json')).stdout);
    },
    stays: (words, options) => run(withState(words), options),
  };
}

/**
 * Ends what `up --detach` has left running, whatever the test did: it is no child of ours. Call it before the start.
 */
export function endDetached({ stateDir }: Scene): void {
  onTestFinished(async () => {
    const pid = lockedBy(stateDir);
    if (pid === null || !isRunning(pid)) return;
    process.kill(pid, 'SIGKILL');
    await until('the detached control plane is gone', () => !isRunning(pid));
  });
}

function lockedBy(stateDir: string): number | null {
  try {
    return JSON.parse(readFileSync(join(stateDir, 'lock'), 'utf8')).pid;
  } catch {
    // It has ended in order.
    return null;
  }
}
