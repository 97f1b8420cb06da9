/**
 * The order of the test files: those that take long first, so that no worker is left alone with one of them in the end.
 * A clean checkout knows no times of an earlier run. Reporters show the slowest: what takes 15 s and more belongs here.
 */

import type { TestSequencer } from 'vitest/node';

const long = [
  'test/doors/unread-answers',
  'test/doors/hostile-words',
  'test/faults/campaign',
  'test/doors/unread-lists',
  'test/machines/server/reachability',
  'test/doors/command-line',
  'test/doors/full-buffers',
  'test/session/process/guard/containers',
  'test/session/process/owner-killed',
  'test/hostile/noise',
  'test/cli/commands/completion/shells',
  'test/docs/snippets',
  'test/doors/types',
  'test/doors/worked',
  'test/doors/client-process',
];

type Files = Parameters<TestSequencer['sort']>[0];

/** The others in an order of their own, by name, so that two runs are alike. */
export class LongestFirst implements TestSequencer {
  sort(files: Files): Files {
    const rankOf = (path: string): number => {
      const rank = long.findIndex((name) => path.endsWith(`${name}.test.ts`));
      return rank < 0 ? long.length : rank;
    };
    return files.toSorted(
      (one, other) => rankOf(one.moduleId) - rankOf(other.moduleId) || one.moduleId.localeCompare(other.moduleId),
    );
  }

  shard(files: Files): Files {
    return files;
  }
}
