/**
 * Tries mutants, one after another, in one process: for each the tests that pass it by, quick ones first, until one
 * fails.
 */

import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { CollectedTest } from './collector.ts';
import type { Coverage, Job, Result } from './job.ts';
import { mutation } from './mutation.ts';

const job = JSON.parse(readFileSync(process.env.MCPVISOR_MUTATION_JOB ?? '', 'utf8')) as Job;
const folder = new URL('../machines/', import.meta.url);
const unhurried = ['reachability.test.ts'];
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts') && (job.thorough || !unhurried.includes(basename(name))))
  .sort();

// The same examples for every mutant; the first that fails is enough.
fc.configureGlobal({ seed: 1, endOnFailure: true });

async function collect(): Promise<readonly CollectedTest[]> {
  vi.resetModules();
  const { collected, inFile } = await import('./collector.ts');
  for (const file of files) await inFile(file, () => import(new URL(file, folder).href));
  return collected;
}

async function cover(): Promise<Coverage> {
  const loading = new Set<string>();
  mutation.passed = loading;
  const all = await collect();
  const ms: number[] = [];
  const tests: Record<string, number[]> = {};
  for (const [index, test] of all.entries()) {
    mutation.passed = new Set();
    const startedAt = performance.now();
    await test.run('coverage');
    ms.push(performance.now() - startedAt);
    for (const id of mutation.passed) tests[id] = [...(tests[id] ?? []), index];
  }
  mutation.passed = null;
  return { ms, tests, loading: [...loading] };
}

async function noticedBy(tests: readonly CollectedTest[], id: string): Promise<string | null> {
  for (const test of tests) {
    try {
      await test.run(id);
    } catch {
      return test.name;
    }
  }
  return null;
}

async function tryAll(ids: readonly string[]): Promise<void> {
  const coverage = JSON.parse(readFileSync(job.coverageFile, 'utf8')) as Coverage;
  const isLoading = new Set(coverage.loading);
  const byTime = (indices: readonly number[]) =>
    [...indices].sort((one, other) => (coverage.ms[one] ?? 0) - (coverage.ms[other] ?? 0));
  const tell = (result: Result) => appendFileSync(job.resultFile, `${JSON.stringify(result)}\n`);
  const usual = await collect();
  for (const id of ids) {
    tell({ id });
    mutation.active = id;
    let caughtBy: string | null = null;
    try {
      const all = isLoading.has(id) ? await collect() : usual;
      const indices = byTime(isLoading.has(id) ? [...all.keys()] : (coverage.tests[id] ?? []));
      caughtBy = await noticedBy(
        indices.flatMap((index) => all[index] ?? []),
        id,
      );
    } catch (error) {
      caughtBy = `loading: ${String(error)}`;
    }
    mutation.active = null;
    tell({ id, caughtBy });
  }
}

it('tries mutants', async () => {
  if (job.ids === null) writeFileSync(job.coverageFile, JSON.stringify(await cover()));
  else await tryAll(job.ids);
  expect(mutation.active).toBeNull();
});
