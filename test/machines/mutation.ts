/**
 * Changes the charts and the code of their decisions in one place at a time, and checks whether a test of the charts
 * fails. By hand:
 *
 *     npx tsx test/machines/mutation.ts [--count 40] [--seed 1] [--only TEXT] [--jobs 2] [--thorough]
 *
 * `--count all` tries every mutant; `--thorough` shows what is left to the exploration of the whole chart as well,
 * which takes half a minute for each. For a mutant that survives a test is missing, unless `accepted.json` says why no
 * test can or need notice it. To see how a mutant is caught:
 *
 *     MCPVISOR_MUTANT="server: starting | slot | 0 | remove" npx vitest run --config .vitest.mutation.config.ts test/machines/tree.test.ts
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { everyMutant } from '../mutation/every-mutant.ts';
import type { Result } from '../mutation/job.ts';
import { cover, tryMutants } from '../mutation/processes.ts';
import { reportOf } from '../mutation/report.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
    thorough: { type: 'boolean', default: false },
  },
});

function drawn(ids: readonly string[], count: number, seed: number): readonly string[] {
  const left = [...ids];
  let state = seed;
  return Array.from({ length: Math.min(count, ids.length) }, () => {
    // Lehmer's generator: the same sequence for the same seed, on every machine.
    state = (state * 48_271) % 2_147_483_647;
    return left.splice(state % left.length, 1)[0] ?? '';
  });
}

const everything = everyMutant();
const candidates = everything.filter((id) => id.includes(values.only));
const chosen = values.count === 'all' ? candidates : drawn(candidates, Number(values.count), Number(values.seed));
const accepted = JSON.parse(readFileSync(new URL('../mutation/accepted.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;

const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-mutation-'));
const results: Result[] = [];
const onResult = (result: Result) => {
  results.push(result);
  if (result.caughtBy === null && accepted[result.id] === undefined) process.stdout.write(`SURVIVED  ${result.id}\n`);
};
try {
  await cover({ folder, thorough: values.thorough });
  const jobs = Number(values.jobs);
  const shares = Array.from({ length: jobs }, (_, job) => chosen.filter((_id, index) => index % jobs === job));
  await Promise.all(
    shares.map((ids, job) => tryMutants(ids, `job-${job}`, { folder, thorough: values.thorough, onResult })),
  );
} finally {
  rmSync(folder, { recursive: true });
}

const { text, isGood } = reportOf({ results, accepted, everything, thorough: values.thorough });
process.stdout.write(`${text}\n`);
process.exitCode = isGood ? 0 : 1;
