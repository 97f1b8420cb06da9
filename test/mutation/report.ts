/** What came of a run: how many mutants were caught, in which file, and which survived with or without a reason. */

import type { Result } from './job.ts';

/** The least share of the mutants that the tests catch. Accepted survivors are not caught. */
const leastShare = 0.95;

export interface Outcome {
  readonly results: readonly Result[];
  /** By mutant that may survive, the reason. */
  readonly accepted: Readonly<Record<string, string>>;
  /** Ids of all mutants there are. */
  readonly everything: readonly string[];
  readonly thorough: boolean;
}

export function reportOf({ results, accepted, everything, thorough }: Outcome): {
  readonly text: string;
  readonly isGood: boolean;
} {
  const survivors = results.filter(({ caughtBy }) => caughtBy === null).map(({ id }) => id);
  const unexplained = survivors.filter((id) => accepted[id] === undefined);
  const explained = survivors.filter((id) => accepted[id] !== undefined);
  const known = new Set(everything);
  const stale = Object.keys(accepted).filter(
    (id) => !known.has(id) || results.some((result) => result.id === id && result.caughtBy !== null),
  );
  const files = [...new Set(results.map(({ id }) => fileOf(id)))];
  const rows = files.map((file) => {
    const own = results.filter(({ id }) => fileOf(id) === file);
    const left = own.filter(({ caughtBy }) => caughtBy === null);
    return row(
      file,
      [own.length, own.length - left.length, left.filter(({ id }) => accepted[id] !== undefined).length],
      left.length,
    );
  });
  const caught = results.length - survivors.length;
  const share = caught / Math.max(1, results.length);
  const text = [
    `${'file'.padEnd(24)}   mutants    caught  accepted     share`,
    ...rows,
    row('all', [results.length, caught, explained.length], survivors.length),
    ...explained.map((id) => `accepted  ${id}\n          ${accepted[id]}`),
    ...unexplained.map((id) => `SURVIVED  ${id}`),
    ...stale.map(
      (id) => `STALE     ${id}: ${known.has(id) ? 'is caught now' : 'is no mutant'}; take it out of accepted.json`,
    ),
    `${caught} of ${results.length} caught, ${(share * 100).toFixed(1)} % (${everything.length} mutants there are${thorough ? '' : '; without the exploration of the whole chart'})`,
  ].join('\n');
  return { text, isGood: share >= leastShare && unexplained.length === 0 && stale.length === 0 };
}

function row(name: string, numbers: readonly number[], survivors: number): string {
  const [count = 0] = numbers;
  return `${name.padEnd(24)}${numbers.map((number) => String(number).padStart(10)).join('')}${`${((1 - survivors / Math.max(1, count)) * 100).toFixed(1)} %`.padStart(10)}`;
}

function fileOf(id: string): string {
  const [file = ''] = id.split(':');
  return file.endsWith('.ts') ? file : `${file} (chart)`;
}
