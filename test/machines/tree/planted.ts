/** Trees that are felled when the test that planted them is over, and that must have been well. */

import { afterEach } from 'vitest';
import type { Tree } from './tree.ts';

/**
 * Called once in a file: the tests of it add their trees. Groups and the root must have had an edge for whatever came.
 */
export function plantTrees(): Tree[] {
  const trees: Tree[] = [];
  afterEach(() => {
    for (const one of trees.splice(0)) {
      one.stop();
      if (one.rootError() !== null) throw new Error('the root died', { cause: one.rootError() });
      if (one.untimed.length > 0) throw new Error(`without time or chance: ${one.untimed.join()}`);
      const surprised = one.ignored.filter((text) => /^(group|supervisor)/.test(text));
      if (surprised.length > 0) throw new Error(`no edge for ${surprised.join()}`);
    }
  });
  return trees;
}
