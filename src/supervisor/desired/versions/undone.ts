/** What versions changed since an older one. */

import { McpvisorError } from '../../../errors.ts';
import type { Change, ConfigurationStore } from '../../../store/contract.ts';

const pageSize = 1_000;

/** The changes of all versions after this one, the newest first. Throws `NOT_FOUND` if it is not kept, and `StoreError`. */
export async function changesAfter(
  store: ConfigurationStore,
  version: number,
  newest: number,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (let before = newest + 1; before > version; ) {
    const page = await store.versions({ before, limit: pageSize });
    for (const one of page) if (one.version > version) changes.push(...one.changes.toReversed());
    const last = page.at(-1);
    if (last === undefined) break;
    before = last.version;
  }
  const [found] = await store.versions({ before: version + 1, limit: 1 });
  if (found?.version !== version || version > newest)
    throw new McpvisorError('NOT_FOUND', { path: `version ${version} of the configuration` });
  return changes;
}
