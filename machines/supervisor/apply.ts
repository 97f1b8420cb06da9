/** Applies a plan to the table of servers: removes, configures and adds. One that moves waits for its old actor. */

import type { GroupPolicy } from '../group/events.ts';
import { added, configured, type Outcome, removed } from '../holding/holding.ts';
import { groupId } from '../ids.ts';
import type { Moment } from '../server/events.ts';
import { entryOf, type Table } from '../table.ts';
import type { Steps, SupervisorContext } from './events.ts';
import { holderOf } from './holding.ts';

type Adding = Steps['add'][number];

export interface Plan extends Outcome {
  readonly policies: Table<GroupPolicy>;
  readonly moving: SupervisorContext['moving'];
}

export function afterPlan(context: SupervisorContext, steps: Steps, moment: Moment): Plan {
  const leaving = new Set(steps.remove.map(({ server }) => server));
  // The group it is in, not the one in the plan: it may still be leaving another group.
  const groupOf = (server: string) => entryOf(context.members, server)?.group;
  const waits = ({ group, server }: Adding) =>
    leaving.has(server.name) || ![undefined, group].includes(groupOf(server.name));
  const adding = steps.add.filter((step) => !waits(step));
  const isMoving = (server: string) => context.moving.some((step) => step.server.name === server);
  let holder = holderOf(context);
  const effects: Outcome['effects'][number][] = [];
  const take = (outcome: Outcome) => {
    holder = { ...holder, members: outcome.members };
    effects.push(...outcome.effects);
  };
  for (const { group, server } of steps.remove)
    take(removed(holder, { server, group: groupOf(server) ?? group, ...moment }));
  for (const change of steps.configure)
    if (!isMoving(change.server)) take(configured(holder, { ...change, ...moment }));
  for (const group of new Set(adding.map((step) => step.group))) {
    const servers = adding.filter((step) => step.group === group).map(({ server }) => server);
    take(added(holder, { group, servers, moment, place: () => groupId(group) }));
  }
  const isOvertaken = (server: string) => leaving.has(server) || steps.add.some((step) => step.server.name === server);
  return {
    members: holder.members,
    effects,
    policies: { ...context.policies, ...steps.groups },
    moving: [
      ...context.moving
        .filter(({ server }) => !isOvertaken(server.name))
        .map((step) => withConfiguration(step, steps.configure)),
      ...steps.add.filter(waits).map((step) => ({ ...step, ...moment })),
    ],
  };
}

/** A server that is moving to another group gets its new settings there. */
function withConfiguration<Step extends Adding>(step: Step, configurations: Steps['configure']): Step {
  const configuration = configurations.find(({ server }) => server === step.server.name);
  if (configuration === undefined) return step;
  const { policy, wanted, changed, worked = false } = configuration;
  return {
    ...step,
    keepsWish: step.keepsWish !== false && wanted === null,
    server: { ...step.server, policy, wanted: wanted ?? step.server.wanted, ...(changed && { worked }) },
  };
}
