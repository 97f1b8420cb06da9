/** Whether groups of processes that were seen may be there side by side. */

import type { Living } from '../scene/living.ts';

/** Of each server of which several generations have a group: their processes. */
export function groupsSideBySide(living: readonly Living[]): readonly (readonly Living[])[] {
  const servers = new Map<string, Living[]>();
  for (const one of living.filter(({ isStray }) => !isStray))
    servers.set(one.server, [...(servers.get(one.server) ?? []), one]);
  return [...servers.values()].filter((own) => new Set(own.map(({ life }) => life)).size > 1);
}
