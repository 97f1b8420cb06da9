/**
 * Processes that try mutants. One that goes round in circles is ended: the mutant in hand is caught by that, and
 * another process goes on after it.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job, Result } from './job.ts';

/** Process groups at work; they are ended with us. */
const atWork = new Set<number>();
process.once('exit', () => {
  for (const group of atWork) killGroup(group);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');

export interface TryOptions {
  readonly folder: string;
  readonly thorough: boolean;
  /** Called for each mutant that has been tried. */
  readonly onResult: (result: Result) => void;
}

function coverageFileIn(folder: string): string {
  return join(folder, 'coverage.json');
}

/** Runs the tests once, without a mutant. */
export async function cover({ folder, thorough }: Pick<TryOptions, 'folder' | 'thorough'>): Promise<void> {
  const job: Job = { ids: null, thorough, coverageFile: coverageFileIn(folder), resultFile: '' };
  const [child, output] = start(job, join(folder, 'coverage-job.json'));
  await ended(child);
  if (!existsSync(job.coverageFile)) throw new Error(`the tests fail without a mutant:\n${output()}`);
}

/** Tries mutants one after another; `name` is this worker's own. */
export async function tryMutants(
  ids: readonly string[],
  name: string,
  { folder, thorough, onResult }: TryOptions,
): Promise<void> {
  const limitMs = thorough ? 300_000 : 45_000;
  let left = ids;
  for (let round = 1; left.length > 0; round += 1) {
    const job: Job = {
      ids: left,
      thorough,
      coverageFile: coverageFileIn(folder),
      resultFile: join(folder, `${name}-${round}.jsonl`),
    };
    writeFileSync(job.resultFile, '');
    const [child, output] = start(job, join(folder, `${name}-${round}.json`));
    let [read, changedAt, isOver]: [number, number, boolean] = [0, Date.now(), false];
    let inHand: string | null = null;
    const look = () => {
      const lines = readFileSync(job.resultFile, 'utf8').split('\n').slice(0, -1);
      if (lines.length > read) changedAt = Date.now();
      for (const line of lines.slice(read)) {
        const result = JSON.parse(line) as Result;
        inHand = result.caughtBy === undefined ? result.id : null;
        if (result.caughtBy !== undefined) onResult(result);
      }
      read = lines.length;
      if (Date.now() - changedAt > limitMs && !isOver && child.pid !== undefined) killGroup(child.pid);
    };
    const timer = setInterval(look, 500);
    await ended(child);
    clearInterval(timer);
    isOver = true;
    look();
    if (inHand !== null) onResult({ id: inHand, caughtBy: 'a test that never ends' });
    const tried = Math.ceil(read / 2);
    if (tried === 0) throw new Error(`no mutant could be tried:\n${output()}`);
    left = left.slice(tried);
  }
}

function start(job: Job, jobFile: string): readonly [ChildProcess, () => string] {
  writeFileSync(jobFile, JSON.stringify(job));
  const { MCPVISOR_MUTANT: _, BLESS: __, ...environment } = process.env;
  const child = spawn(process.execPath, [vitest, 'run', '--config', '.vitest.mutation.config.ts'], {
    // Fewer examples, for they are tried many times.
    env: { MCPVISOR_RUNS: '100', MCPVISOR_TREE_RUNS: '20', ...environment, MCPVISOR_MUTATION_JOB: jobFile },
    // A group of its own, so that what it has started ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid !== undefined) {
    atWork.add(pid);
    child.once('close', () => atWork.delete(pid));
  }
  let text = '';
  const keep = (chunk: Buffer) => {
    text += chunk.toString();
  };
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', keep);
  return [child, () => text];
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

function killGroup(group: number): void {
  process.kill(-group, 'SIGKILL');
}
