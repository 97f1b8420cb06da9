/** Counting processes from outside while a test goes on. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from './finishing.ts';

export interface Counted {
  /** Living processes at a time, at most, by mark. */
  readonly most: Readonly<Record<string, number>>;
  readonly looks: number;
}

export interface Census {
  end(): Promise<Counted>;
}

/**
 * Resolves when the first look has been taken. The counter is a process of its own, so that a busy test does not blind
 * it.
 */
export async function startCensus(marks: readonly string[]): Promise<Census> {
  const program = fileURLToPath(new URL('census.mjs', import.meta.url));
  const child = spawn(process.execPath, [program], {
    env: { MARKS: marks.join(',') },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    async end() {
      child.stdin.end();
      const { value } = await lines.next();
      return JSON.parse(String(value)) as Counted;
    },
  };
}
