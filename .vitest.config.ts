import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'docs/examples/*.test.mts'],
    exclude: ['test/bench/**', 'test/servers/**'],
    // Tests start real processes and wait for them: each file has a process of its own, and as they mostly wait, one
    // more of them runs than a small machine has cores.
    pool: 'forks',
    maxWorkers: 3,
    // XState warns only under this condition; a warning of a chart is a bug.
    execArgv: ['--conditions=development'],
    setupFiles: ['test/support/setup.ts'],
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    // A run in which nothing was found to run has tested nothing.
    passWithNoTests: false,
    coverage: { provider: 'v8', include: ['src/**/*.ts', 'machines/**/*.ts'], reportsDirectory: 'coverage' },
  },
});
