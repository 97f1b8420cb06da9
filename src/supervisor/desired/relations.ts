/** How the servers of a configuration are related: which depends on which, and which groups restart together. */

import type { GroupPolicy } from '../../../machines/group/events.ts';
import { type Dependencies, dependentsOf, inOrder } from '../../../machines/order.ts';
import { entryOf } from '../../../machines/table.ts';
import type { Configuration } from '../../config/configuration.ts';

export interface Relations {
  readonly dependencies: Dependencies;
  readonly groups: Readonly<Record<string, GroupPolicy>>;
  /** Whether the groups and the supervisor need to know of every step of this server. */
  isRelated(server: string): boolean;
}

export function relationsOf({ servers, settings }: Configuration): Relations {
  const specifications = [...servers.values()];
  const dependencies: Dependencies = Object.fromEntries(
    specifications.filter(({ dependsOn }) => dependsOn.length > 0).map(({ name, dependsOn }) => [name, dependsOn]),
  );
  const dependents = dependentsOf(dependencies);
  const isCoupled = (group: string | undefined) =>
    group !== undefined && (settings.groups.get(group)?.strategy ?? 'one-for-one') !== 'one-for-one';
  const membersOf = (group: string) =>
    specifications.filter((specification) => specification.group === group).map(({ name }) => name);
  const groups = [...settings.groups].map(
    ([name, { strategy, intensity, periodMs }]): readonly [string, GroupPolicy] => {
      const coupled = isCoupled(name);
      return [
        name,
        {
          strategy,
          intensity,
          periodMs,
          order: coupled ? inOrder(membersOf(name), dependencies) : [],
          dependencies: coupled ? dependencies : {},
        },
      ];
    },
  );
  return {
    dependencies,
    groups: Object.fromEntries(groups),
    isRelated: (server) =>
      [dependencies, dependents].some((table) => entryOf(table, server) !== undefined) ||
      isCoupled(servers.get(server)?.group),
  };
}
