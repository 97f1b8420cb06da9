/**
 * Runs the benches: `npm run bench -- [NAME …] [--rounds N]`; without names, all but those on demand. Exit code 1 if a
 * budget is missed. The method is in README.md.
 */

import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { api } from './api/api.ts';
import { type Bench, createResults, type Figures, type Line } from './bench.ts';
import { boot } from './boot.ts';
import { calls } from './calls.ts';
import { deaths } from './deaths.ts';
import { hop } from './hop.ts';
import { recovery } from './recovery.ts';
import { manySessions, sessions } from './sessions.ts';
import { starts } from './starts.ts';
import { storms } from './storms.ts';
import { tracing } from './tracing.ts';

const benches: Readonly<Record<string, Bench>> = {
  boot,
  calls,
  hop,
  api,
  starts,
  recovery,
  deaths,
  sessions,
  'many-sessions': manySessions,
  storms,
  tracing,
};

/** Longer than any variant takes on a slow machine: one that hangs is killed. */
const variantTimeoutMs = 300_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, variant: { type: 'string' } },
});
if (values.variant === undefined) await compareAll(positionals.length === 0 ? usualNames() : positionals);
else await measureHere(benchNamed(positionals[0] ?? ''), values.variant);

function usualNames(): readonly string[] {
  return Object.entries(benches).flatMap(([name, { isOnDemand = false }]) => (isOnDemand ? [] : [name]));
}

async function compareAll(names: readonly string[]): Promise<void> {
  const chosen = names.map((name) => ({ name, bench: benchNamed(name) }));
  print(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`);
  for (const { name, bench } of chosen) {
    print(`\n${name}: ${bench.about}`);
    for (const line of await compare(name, bench)) {
      if (line.budget?.isMet === false) process.exitCode = 1;
      print(textOf(line));
    }
  }
}

/**
 * Each round measures all variants, every other one in reverse, so that neither a drift of the machine nor the order
 * favours one.
 */
async function compare(name: string, bench: Bench): Promise<readonly Line[]> {
  const rounds: Record<string, Figures>[] = [];
  const variants = Object.keys(bench.variants);
  for (let round = 0; round < Number(values.rounds ?? bench.rounds); round += 1) {
    const figures: Record<string, Figures> = {};
    for (const variant of round % 2 === 0 ? variants : variants.toReversed())
      figures[variant] = await measureApart(name, variant);
    rounds.push(figures);
  }
  return bench.judge(createResults(rounds));
}

/** In a process of its own: what one variant leaves in the heap, the caches and the compiler is not the next one's. */
function measureApart(name: string, variant: string): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [name, '--variant', variant], {
      execArgv: [...process.execArgv, '--expose-gc'],
      timeout: variantTimeoutMs,
      killSignal: 'SIGKILL',
    });
    let figures: Figures | null = null;
    child.once('message', (message) => {
      figures = message as Figures;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0 && figures !== null) resolve(figures);
      else
        reject(
          new Error(
            `${name}, variant "${variant}": ended with ${signal ?? code} and ${figures === null ? 'no' : ''} figures`,
          ),
        );
    });
  });
}

async function measureHere({ variants }: Bench, name: string): Promise<void> {
  const variant = variants[name];
  if (variant === undefined)
    throw new Error(`there is no variant "${name}"; there are ${Object.keys(variants).join(', ')}`);
  const figures = await variant();
  if (process.send === undefined) print(JSON.stringify(figures, null, 2));
  else process.send(figures, () => process.disconnect());
}

function benchNamed(name: string): Bench {
  const bench = benches[name];
  if (bench === undefined) throw new Error(`there is no bench "${name}"; there are ${Object.keys(benches).join(', ')}`);
  return bench;
}

function textOf({ what, measured, budget }: Line): string {
  const verdict = budget === null ? '' : `${budget.text.padEnd(10)} ${budget.isMet ? 'met' : 'MISSED'}`;
  return `  ${what.padEnd(58)} ${measured.padEnd(34)} ${verdict}`.trimEnd();
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
