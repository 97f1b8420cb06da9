/** Converts a plan into the steps that the charts carry out. */

import { plainPolicy } from '../../../machines/group/events.ts';
import type { Counters } from '../../../machines/policy/restart.ts';
import type { Wanted } from '../../../machines/server/events.ts';
import type { Steps } from '../../../machines/supervisor/events.ts';
import { entryOf } from '../../../machines/table.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { Decision } from '../../config/plan/plan.ts';
import type { ServerSpecification } from '../../specification.ts';
import type { Waiting } from '../approval/gate.ts';
import { policyOf } from './policy.ts';
import type { Relations } from './relations.ts';

/** A configuration, how its servers are related, and which of them wait for approval. */
export interface Situation {
  readonly configuration: Configuration;
  readonly relations: Relations;
  readonly waiting: Waiting;
}

/** What is known about a server, by its name. */
export interface Lookups {
  /** Whether the server has a running actor. */
  readonly hasActor: (server: string) => boolean;
  /** Whether the server's last actor was wanted up or down; null: there was no actor. */
  readonly wishOf: (server: string) => Wanted | null;
  /** What a person wanted in an earlier run; null: nothing else than the configuration. Only of one that had no actor yet. */
  readonly earlierWishOf: (server: string) => Wanted | null;
  /** Its failures in earlier runs; null: there were none, or they were of another specification. */
  readonly earlierCountersOf: (specification: ServerSpecification) => Counters | null;
  /** Highest generation ever opened under this name. */
  readonly generationOf: (server: string) => number;
  /** Whether a server was connected with this specification before. */
  readonly hasWorked: (specification: ServerSpecification) => boolean;
}

/** `before` null: this is the initial configuration. */
export function stepsOf(
  { plan, remade }: Decision,
  { before, after }: { readonly before: Situation | null; readonly after: Situation },
  lookups: Lookups,
): Steps {
  const { servers, settings } = after.configuration;
  const old = (name: string) => before?.configuration.servers.get(name);
  const isUntouched = (name: string) =>
    before?.relations.isRelated(name) === after.relations.isRelated(name) &&
    before?.waiting.get(name)?.hash === after.waiting.get(name)?.hash &&
    kept.has(name);
  const policyIn = (specification: ServerSpecification) =>
    policyOf(specification, {
      related: after.relations.isRelated(specification.name),
      approval: after.waiting.get(specification.name) ?? null,
    });
  const kept = new Set(plan.keep);

  const gone = [...plan.stop, ...plan.disabled.remove].flatMap((name) => {
    const group = old(name)?.group;
    return servers.has(name) || group === undefined ? [] : [{ group, server: name }];
  });
  const affected = [...servers.values()].filter(({ name }) => !isUntouched(name));
  const moved = affected.flatMap((specification) => {
    const group = old(specification.name)?.group;
    return group === undefined || group === specification.group ? [] : [{ group, server: specification.name }];
  });
  const movedNames = new Set(moved.map(({ server }) => server));
  const isConfigured = ({ name }: ServerSpecification) =>
    old(name) !== undefined && lookups.hasActor(name) && !movedNames.has(name);

  const add = affected
    .filter((specification) => !isConfigured(specification))
    .map((specification): Steps['add'][number] => {
      const { name, group, enabled } = specification;
      const isNew = old(name) === undefined;
      const isAsWished = old(name)?.enabled === enabled;
      const wish = isNew ? lookups.earlierWishOf(name) : isAsWished ? lookups.wishOf(name) : null;
      const wanted = wish ?? wishIn(specification);
      const counters = isNew ? lookups.earlierCountersOf(specification) : null;
      return {
        group,
        server: {
          name,
          policy: policyIn(specification),
          wanted,
          generation: lookups.generationOf(name),
          worked: lookups.hasWorked(specification),
          ...(counters !== null && { counters }),
        },
        keepsWish: movedNames.has(name) && isAsWished,
      };
    });
  const configure = affected.filter(isConfigured).map((specification): Steps['configure'][number] => {
    const { name, enabled } = specification;
    return {
      server: name,
      policy: policyIn(specification),
      wanted: old(name)?.enabled === enabled ? null : wishIn(specification),
      changed: remade.has(name),
      ...(remade.has(name) && { worked: lookups.hasWorked(specification) }),
    };
  });
  return {
    add,
    configure,
    remove: [...gone, ...moved],
    groups: policiesOf(before, after),
    dependencies: after.relations.dependencies,
    ...(plan.settings.some(({ path }) => path === 'shutdownMs') && { shutdownMs: settings.shutdownMs }),
  };
}

function wishIn({ enabled }: ServerSpecification): Wanted {
  return enabled ? 'up' : 'down';
}

/**
 * The policies of all groups: the restart order of a group follows from the servers it has now. A group that the
 * configuration no longer names gets `one-for-one`, even in the middle of a round.
 */
function policiesOf(before: Situation | null, { relations }: Situation): NonNullable<Steps['groups']> {
  const nameless = Object.keys(before?.relations.groups ?? {}).filter(
    (name) => entryOf(relations.groups, name) === undefined,
  );
  return { ...relations.groups, ...Object.fromEntries(nameless.map((name) => [name, plainPolicy])) };
}
