/** A host is killed in the middle of its starts, and everything that it started has to go. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createMark, isRunning, until } from '../../support/processes.ts';
import { guardOf, killAllOf, livingOf } from '../scene/living.ts';
import type { Dice } from '../schedule/dice.ts';

export interface Killed {
  /** Processes of its servers that lived right after its death. */
  readonly left: number;
  /** Groups of which it had not told yet: it died between their spawn and the fact. */
  readonly untold: number;
  /** From its death until nothing was left, in milliseconds. */
  readonly goneMs: number;
  /** What was left when it should be gone. */
  readonly survivors: readonly string[];
}

const program = fileURLToPath(new URL('starts-without-end.mjs', import.meta.url));
/** What the host starts, and what it says and does in its first half second, about. */
const kinds = {
  shells: { mostWords: 60, startMs: 8 },
  programs: { mostWords: 12, startMs: 60 },
} as const;
/** Of all hosts. The shells are most often in the moment that matters. */
const shareOfShells = 0.8;
/** The stop times of its servers, and what the guard may take on a machine with much else to do. */
const goneWithinMs = 50 + 100 + 2_000 + 8_000;
/** Looks in a row that find nothing: what is just being spawned shows itself a moment later. */
const emptyLooks = 5;

/** Resolves when it is killed and looked after. Nothing of it is left then. */
export async function killInStart(dice: Dice): Promise<Killed> {
  const mark = createMark();
  const kind = dice.chance(shareOfShells) ? 'shells' : 'programs';
  const { mostWords, startMs } = kinds[kind];
  const child = spawn(process.execPath, [program, mark, kind], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    const told = await heardOf(child.stdout, 1 + dice.below(mostWords));
    const guard = guardOf(child.pid ?? 0);
    const atMs = performance.now() + startMs * (dice.below(1_000_000) / 1_000_000);
    // A timer would only know milliseconds.
    while (performance.now() < atMs);
    child.kill('SIGKILL');
    await exited;
    return await after(mark, guard, told);
  } finally {
    child.kill('SIGKILL');
    await exited;
    await killAllOf(mark);
  }
}

/** Resolves with the words so far when there are that many; goes on listening. */
async function heardOf(output: NodeJS.ReadableStream, count: number): Promise<ReadonlySet<string>> {
  const words = new Set<string>();
  let total = 0;
  const lines = createInterface({ input: output });
  return await new Promise((resolve, reject) => {
    lines.on('line', (word) => {
      words.add(word);
      total += 1;
      if (total === count) resolve(words);
    });
    lines.once('close', () => reject(new Error('the host ended by itself')));
  });
}

async function after(mark: string, guard: number | null, told: ReadonlySet<string>): Promise<Killed> {
  const diedAtMs = performance.now();
  const left = livingOf(mark);
  const untold = new Set(
    left.filter(({ group, isStray }) => !isStray && !told.has(String(group))).map(({ group }) => group),
  );
  let looks = 0;
  let goneMs = 0;
  const isGone = (): boolean => {
    const isEmpty = livingOf(mark).length === 0 && (guard === null || !isRunning(guard));
    if (isEmpty && looks === 0) goneMs = performance.now() - diedAtMs;
    looks = isEmpty ? looks + 1 : 0;
    return looks >= emptyLooks;
  };
  const survivors: string[] = [];
  try {
    await until('everything is gone', isGone, goneWithinMs);
  } catch {
    for (const { server, pid, group } of livingOf(mark))
      survivors.push(`process ${pid} of group ${group}, "${server}"`);
    if (survivors.length === 0) survivors.push(`guard ${guard}`);
  }
  return { left: left.length, untold: untold.size, goneMs, survivors };
}
