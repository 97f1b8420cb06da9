/**
 * Takes one transition after another out of the charts and looks whether a test notices. By hand:
 *
 *     npx tsx test/machines/mutation.ts [--count 20] [--seed 1] [--only TEXT] [--jobs 1]
 *
 * `--count all` tries every transition. What survives is either missing a test or not needed.
 */

import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { groupMachine } from '../../machines/group.machine.ts';
import { serverMachine } from '../../machines/server.machine.ts';
import { supervisorMachine } from '../../machines/supervisor.machine.ts';
import { edgesOf } from '../support/mutant.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '1' },
  },
});

/** Quick ones first: most mutants die in the tables. */
const rounds: readonly (readonly string[])[] = [
  ['commands', 'settlement', 'heartbeat', 'tree', 'endings', 'transcripts'].map((name) => `test/machines/${name}.test.ts`),
  ['reachability', 'properties'].map((name) => `test/machines/${name}.test.ts`),
];

function drawn(edges: readonly string[], count: number, seed: number): readonly string[] {
  const left = [...edges];
  let state = seed;
  return Array.from({ length: Math.min(count, edges.length) }, () => {
    // Lehmer's generator: the same draw for the same seed, everywhere.
    state = (state * 48_271) % 2_147_483_647;
    return left.splice(state % left.length, 1)[0] ?? '';
  });
}

function passes(files: readonly string[], edge: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('npx', ['vitest', 'run', '--config', '.vitest.config.ts', '--bail', '1', '--no-file-parallelism', ...files], {
      env: { ...process.env, MCPVISOR_DROP: edge },
      stdio: 'ignore',
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0));
  });
}

async function survives(edge: string): Promise<boolean> {
  for (const files of rounds) if (!(await passes(files, edge))) return false;
  return true;
}

const edges = [serverMachine, groupMachine, supervisorMachine].flatMap((machine) => edgesOf(machine)).filter((edge) => edge.includes(values.only));
const chosen = drawn(edges, values.count === 'all' ? edges.length : Number(values.count), Number(values.seed));
const survivors: string[] = [];
const queue = [...chosen];

async function work(): Promise<void> {
  for (let edge = queue.shift(); edge !== undefined; edge = queue.shift()) {
    const survived = await survives(edge);
    if (survived) survivors.push(edge);
    process.stdout.write(`${survived ? 'SURVIVED' : 'noticed '}  ${edge}\n`);
  }
}

if (!(await passes(rounds.flat(), ''))) throw new Error('the tests fail without a mutation');
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
process.stdout.write(`\n${chosen.length - survivors.length} of ${chosen.length} noticed (of ${edges.length} transitions)\n`);
process.exitCode = survivors.length === 0 ? 0 : 1;
