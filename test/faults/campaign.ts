/** Many runs, one after the other, each from a seed of its own, and their figures. */

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outcome, oneRun } from './one-run.ts';
import { type Isolation, scheduleOf } from './schedule/schedule.ts';

export interface CampaignOptions {
  readonly runs: number;
  /** Of the first run; the next one has the next number. */
  readonly seed: number;
  readonly isolation: Isolation;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Resolves with the outcomes so far when `signal` aborts. */
export async function campaign({ runs, seed, isolation, print, signal }: CampaignOptions): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let index = 0; index < runs && !signal.aborted; index += 1) {
    const schedule = scheduleOf(seed + index, isolation);
    const outcome = await oneRun(schedule, signal);
    outcomes.push(outcome);
    const { violations, seconds, calls } = outcome;
    print(
      `seed ${schedule.seed}: ${schedule.steps.length} steps, ${countOf(outcome)} faults and commands, ${calls} calls, ${violations.length} violations, ${seconds.toFixed(1)} s`,
    );
    for (const violation of violations) print(`  VIOLATION ${violation}`);
    if (violations.length > 0) {
      print(`  again: npm run faults -- --isolation ${isolation} --seed ${schedule.seed}`);
      print(`  steps, facts and output: ${keep(outcome, schedule)}`);
    }
  }
  for (const line of figuresOf(outcomes)) print(line);
  return outcomes;
}

function countOf({ done }: Outcome): number {
  return [...done.values()].reduce((sum, count) => sum + count, 0);
}

function keep(outcome: Outcome, schedule: unknown): string {
  const file = join(tmpdir(), `mcpvisor-faults-${outcome.seed}.json`);
  writeFileSync(file, JSON.stringify({ ...outcome, schedule }, null, 1));
  return file;
}

/** A line for each kind of fault, and one for all runs. */
function figuresOf(outcomes: readonly Outcome[]): readonly string[] {
  const kinds = new Map<string, number>();
  for (const { done } of outcomes) for (const [kind, count] of done) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  const sum = (numberOf: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + numberOf(outcome), 0);
  const rows = [...kinds].sort(([one], [other]) => one.localeCompare(other));
  return [
    ...rows.map(([kind, count]) => `${kind.padEnd(56)}${String(count).padStart(7)}`),
    `${outcomes.length} runs, ${sum(countOf)} faults and commands, ${sum(({ calls }) => calls)} calls, ${sum(({ violations }) => violations.length)} violations, ${sum(({ seconds }) => seconds).toFixed(0)} s`,
  ];
}
