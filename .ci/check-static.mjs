/**
 * Everything that can be told without running the program. Runs all steps, so that one run tells everything, and fails
 * if any failed.
 */

import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const steps = [
  {
    name: 'format and lint',
    command: ['biome', 'check', '--config-path=.biome.json', '--error-on-warnings', '--max-diagnostics=200'],
  },
  {
    name: 'typed lint',
    command: [
      'oxlint',
      '--config',
      '.oxlintrc.json',
      '--type-aware',
      '--deny-warnings',
      '--report-unused-disable-directives',
    ],
  },
  { name: 'types', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'arrows', command: ['node', '.ci/check-arrows.mjs'] },
  { name: 'tables', command: ['node', '.ci/check-tables.mjs'] },
  { name: 'words', command: ['node', '.ci/check-words.mjs'] },
  { name: 'unused code', command: ['knip', '--config', '.knip.json', '--no-progress'] },
  { name: 'package', command: ['node', '.ci/check-package.mjs'] },
  { name: 'lock file', command: ['node', '.ci/complete-lock.mjs', '--check'] },
];

const failed = steps.filter((step) => !passes(step)).map(({ name }) => name);
console.log(
  failed.length === 0 ? `\nAll ${steps.length} static checks passed.` : `\nStatic checks failed: ${failed.join(', ')}.`,
);
if (failed.length > 0) process.exitCode = 1;

function passes({ name, command: [tool, ...args] }) {
  console.log(`\n== ${name}`);
  const startedAt = performance.now();
  const { status, error } = spawnSync(tool === 'node' ? process.execPath : resolve('node_modules/.bin', tool), args, {
    stdio: 'inherit',
  });
  if (error !== undefined) console.error(error.message);
  console.log(
    `== ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  );
  return status === 0;
}
