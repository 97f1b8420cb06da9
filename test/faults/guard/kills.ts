/** Many kills in the middle of starts, and their figures. */

import { createDice } from '../schedule/dice.ts';
import { type Killed, killInStart } from './kill.ts';

export interface KillsOptions {
  readonly kills: number;
  /** Of the first; the next one has the next number. */
  readonly seed: number;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A host is mostly waited for. */
const hostsAtOnce = 5;

/** Resolves with those so far when `signal` aborts. */
export async function killMany({ kills, seed, print, signal }: KillsOptions): Promise<readonly Killed[]> {
  const killed: Killed[] = [];
  const startedAtMs = performance.now();
  let begun = 0;
  const goOn = async (): Promise<void> => {
    while (begun < kills && !signal.aborted) {
      const own = seed + begun;
      begun += 1;
      const one = await killInStart(createDice(own));
      killed.push(one);
      for (const survivor of one.survivors) print(`seed ${own}: SURVIVOR ${survivor}`);
      if (killed.length % 100 === 0) print(`${killed.length} kills, ${survivorsIn(killed)} survivors`);
    }
  };
  await Promise.all(Array.from({ length: hostsAtOnce }, goOn));
  const times = killed.map(({ goneMs }) => goneMs).toSorted((one, other) => one - other);
  const at = (share: number): string => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(0);
  print(
    [
      `${killed.length} kills in the middle of starts`,
      `${killed.filter(({ left }) => left > 0).length} left processes behind`,
      `${killed.filter(({ untold }) => untold > 0).length} a group just spawned`,
      `gone after ${at(0.5)} ms (median), ${at(1)} ms (longest)`,
      `${survivorsIn(killed)} survivors`,
      `${((performance.now() - startedAtMs) / 1_000).toFixed(0)} s`,
    ].join(', '),
  );
  return killed;
}

function survivorsIn(killed: readonly Killed[]): number {
  return killed.reduce((sum, { survivors }) => sum + survivors.length, 0);
}
