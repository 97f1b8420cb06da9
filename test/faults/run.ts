/**
 * `npm run faults -- [--runs N] [--seed S] [--isolation process|in-process]`, or `--guard N [--seed S]`: N kills of a
 * host in the middle of its starts, or `--file N [--seed S]`: N kills in the middle of edits of a configuration file.
 * Exit code 1 if anything was seen to be wrong. What is done and judged is in README.md.
 */

import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import { killReplacements } from './file/kills.ts';
import { killMany } from './guard/kills.ts';
import type { Isolation } from './schedule/schedule.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    isolation: { type: 'string', default: 'process' },
    guard: { type: 'string' },
    file: { type: 'string' },
  },
});

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interruption.abort());

const { signal } = interruption;
const seed = numberFrom('seed');
const print = (line: string) => void process.stdout.write(`${line}\n`);

const isWrong =
  values.file !== undefined
    ? await hasTornFiles()
    : values.guard === undefined
      ? await hasViolations()
      : await hasSurvivors();
if (isWrong) process.exitCode = 1;

async function hasViolations(): Promise<boolean> {
  const isolation = isolationFrom(values.isolation);
  const outcomes = await campaign({ runs: numberFrom('runs'), seed, isolation, print, signal });
  return outcomes.some(({ violations }) => violations.length > 0);
}

async function hasTornFiles(): Promise<boolean> {
  const kills = numberFrom('file');
  const { acknowledged, drafts, violations } = await killReplacements({ kills, seed, signal });
  for (const violation of violations) print(violation);
  print(`${kills} kills, ${acknowledged} edits before, ${drafts} left a draft, ${violations.length} violations`);
  return violations.length > 0;
}

async function hasSurvivors(): Promise<boolean> {
  const killed = await killMany({ kills: numberFrom('guard'), seed, print, signal });
  return killed.some(({ survivors }) => survivors.length > 0);
}

function numberFrom(option: 'runs' | 'seed' | 'guard' | 'file'): number {
  const number = Number(values[option]);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${option} takes a whole number from 1`);
  return number;
}

function isolationFrom(word: string): Isolation {
  if (word === 'process' || word === 'in-process') return word;
  throw new Error('--isolation takes process or in-process');
}
