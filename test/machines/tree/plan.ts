/** Plans for a tree of charts, from a few words about servers and groups. */

import type { GroupPolicy } from '../../../machines/group/events.ts';
import { type Dependencies, dependentsOf, inOrder } from '../../../machines/order.ts';
import type { Steps } from '../../../machines/supervisor/events.ts';
import { type PolicyOverrides, policyOf } from '../../support/charts/chart.ts';

export interface PlannedServer {
  readonly name: string;
  readonly group: string;
  readonly dependsOn: readonly string[];
  readonly policy?: PolicyOverrides;
  readonly wanted?: 'up' | 'down';
}

export type PlannedGroups = Readonly<Record<string, Partial<Pick<GroupPolicy, 'strategy' | 'intensity' | 'periodMs'>>>>;

export interface Fleet {
  readonly servers: readonly PlannedServer[];
  readonly groups: PlannedGroups;
}

/** Everything is added. */
export function stepsFor(fleet: Fleet): Steps {
  const add = fleet.servers.map((server) => ({ group: server.group, server: inputOf(server, fleet) }));
  return { add, configure: [], remove: [], ...relationsIn(fleet) };
}

export function relationsIn({ servers, groups }: Fleet): {
  readonly groups: Record<string, GroupPolicy>;
  readonly dependencies: Dependencies;
} {
  const dependencies = Object.fromEntries(
    servers.filter(({ dependsOn }) => dependsOn.length > 0).map(({ name, dependsOn }) => [name, dependsOn]),
  );
  const names = [...new Set([...Object.keys(groups), ...servers.map(({ group }) => group)])];
  const policies = names.map((name): [string, GroupPolicy] => {
    const members = servers.filter(({ group }) => group === name).map((server) => server.name);
    return [
      name,
      {
        strategy: 'one-for-one',
        intensity: 10,
        periodMs: 300_000,
        ...groups[name],
        order: inOrder(members, dependencies),
        dependencies,
      },
    ];
  });
  return { groups: Object.fromEntries(policies), dependencies };
}

export function inputOf({ name, group, dependsOn, policy, wanted = 'up' }: PlannedServer, { servers, groups }: Fleet) {
  const dependents = dependentsOf(Object.fromEntries(servers.map((server) => [server.name, server.dependsOn])));
  const isCoupled = (groups[group]?.strategy ?? 'one-for-one') !== 'one-for-one';
  const related = dependsOn.length > 0 || dependents[name] !== undefined || isCoupled;
  return { name, policy: policyOf({ ...policy, dependsOn, related }), wanted };
}
