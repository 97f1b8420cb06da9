/** Trees that are stopped after the test that started them, and checked then. */

import { afterEach } from 'vitest';
import type { Tree } from './tree.ts';

/**
 * Call it once in a file: the file's tests add their trees. Groups and the root must have had an edge for every event.
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
