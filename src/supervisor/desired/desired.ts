/** The desired state: the configuration in force, and how another one takes its place, always through a plan. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { plainPolicy } from '../../../machines/group/events.ts';
import type { Wanted } from '../../../machines/server/events.ts';
import type { Steps } from '../../../machines/supervisor/events.ts';
import type { Configuration, Parsed } from '../../config/configuration.ts';
import { parseConfigBeside, parseEntries, withEntry, withoutEntry } from '../../config/parse.ts';
import { hashOf, planOf } from '../../config/plan.ts';
import { McpvisorError, type Problem, toLine } from '../../errors.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import { isHeld, type ServerActor } from '../actors/system.ts';
import type { Plan } from '../contract.ts';
import type { Ledger } from '../ledger.ts';
import { policyOf } from './policy.ts';
import { type Relations, relationsOf } from './relations.ts';

type Entry = Readonly<Record<string, unknown>>;

/**
 * Making the actors of all servers in one turn would keep the first server from starting, and everybody else waiting.
 */
const addedPerTurn = 4;

export interface DesiredOptions {
  readonly initial: Configuration;
  readonly file: string | null;
  readonly ledger: Ledger;
  readonly actorOf: (server: string) => ServerActor | undefined;
  /** The operator's wish as the server's last actor knew it, dead or alive; null: there was none. */
  readonly wishOf: (server: string) => Wanted | null;
  readonly publish: PublishFact;
  readonly carryOut: (steps: Steps) => void;
  readonly isShuttingDown: () => boolean;
}

export interface Desired {
  readonly current: Configuration;
  /** Carries out the configuration given at the start, some servers in each turn of the loop. */
  begin(): Promise<void>;
  add(name: string, entry: Entry): Plan;
  replace(name: string, entry: Entry): Plan;
  remove(name: string): Plan;
  apply(config: Entry): Plan;
  /** What `apply` would do. */
  plan(config: Entry): Plan;
  /** The file's text changed. A broken one changes nothing and is told as a fact. */
  reload(text: string): void;
  /** Adds the servers of a group again, whose actor died. */
  restore(group: string): void;
}

export function createDesired({
  initial,
  file,
  ledger,
  actorOf,
  wishOf,
  publish,
  carryOut,
  isShuttingDown,
}: DesiredOptions): Desired {
  let current = initial;
  let relations = relationsOf(initial);
  /** Entries that did not come from the file: a reload keeps them, unless the file has the name, too. */
  const added = new Map<string, Entry>();
  /** Names whose entry in force did not come from the file. */
  let foreign: ReadonlySet<string> = new Set(file === null ? initial.servers.keys() : []);

  function become(parsed: Parsed, previous: Configuration | null): Plan {
    const { plan, steps } = adopt(parsed, previous);
    carryOut(steps);
    return applied(plan);
  }

  function adopt(parsed: Parsed, previous: Configuration | null): { readonly plan: Plan; readonly steps: Steps } {
    if (isShuttingDown()) throw new McpvisorError('SHUTTING_DOWN', {});
    const next = accepted(parsed, file);
    const plan = planOf(previous, next);
    publish({
      type: 'config.planned',
      actor: 'supervisor',
      steps: plan.start.length + plan.stop.length + plan.restart.length + plan.change.length,
    });
    const before = previous === null ? null : relations;
    current = next;
    relations = relationsOf(next);
    const steps = stepsOf(previous, next, { plan, before, after: relations });
    for (const [name, specification] of next.servers) ledger.put(specification, foreign.has(name) ? 'api' : 'file');
    return { plan, steps };
  }

  function applied(plan: Plan): Plan {
    const { start, stop, restart, change } = plan;
    publish({
      type: 'config.applied',
      actor: 'supervisor',
      started: start,
      stopped: stop,
      restarted: restart,
      changed: change,
    });
    warn(plan.warnings);
    return plan;
  }

  function stepsOf(
    previous: Configuration | null,
    next: Configuration,
    {
      plan,
      before: relationsBefore,
      after,
    }: { readonly plan: Plan; readonly before: Relations | null; readonly after: Relations },
  ): Steps {
    const { dependencies } = after;
    // A group that nothing names any more acts for itself, whatever it was in the midst of.
    const nameless = Object.keys(relationsBefore?.groups ?? {}).filter((group) => after.groups[group] === undefined);
    const groups = { ...after.groups, ...Object.fromEntries(nameless.map((group) => [group, plainPolicy])) };
    const steps = {
      add: [] as Steps['add'][number][],
      configure: [] as Steps['configure'][number][],
      remove: [] as Steps['remove'][number][],
      groups,
      dependencies,
    };
    const kept = new Set(plan.keep);
    for (const name of plan.stop) {
      const group = previous?.servers.get(name)?.group;
      if (!next.servers.has(name) && group !== undefined) steps.remove.push({ group, server: name });
    }
    for (const [name, specification] of next.servers) {
      if (kept.has(name) && relationsBefore?.isRelated(name) === after.isRelated(name)) continue;
      const before = previous?.servers.get(name);
      const actor = actorOf(name);
      const policy = policyOf(specification, after.isRelated(name));
      const wish = specification.enabled ? ('up' as const) : ('down' as const);
      const isMoved = before !== undefined && before.group !== specification.group;
      if (isMoved) steps.remove.push({ group: before.group, server: name });
      if (before === undefined || actor === undefined || isMoved) {
        const isAsWished = before?.enabled === specification.enabled;
        const wanted = isAsWished ? (wishOf(name) ?? wish) : wish;
        const generation = ledger.put(specification, 'file').generation;
        const keepsWish = isMoved && isAsWished;
        steps.add.push({ group: specification.group, server: { name, policy, wanted, generation }, keepsWish });
      } else {
        const wanted = before.enabled === specification.enabled ? null : wish;
        steps.configure.push({
          server: name,
          policy,
          wanted,
          changed: plan.restart.includes(name) || hashOf(before) !== hashOf(specification),
        });
      }
    }
    return steps;
  }

  function warn(problems: readonly Problem[]): void {
    const warnings = problems.filter(({ severity }) => severity === 'warning');
    if (warnings.length > 0)
      publish({ type: 'config.warned', actor: 'supervisor', file, problems: warnings.map(toLine) });
  }

  function parsedWith(name: string, entry: Entry): Parsed {
    return withEntry(current, name, entry);
  }

  return {
    get current() {
      return current;
    },
    async begin() {
      const { plan, steps } = adopt({ config: current, problems: current.warnings }, null);
      carryOut({ ...steps, add: steps.add.slice(0, addedPerTurn) });
      for (let from = addedPerTurn; from < steps.add.length; from += addedPerTurn) {
        await nextTurn();
        if (isShuttingDown()) return;
        carryOut({ add: steps.add.slice(from, from + addedPerTurn), configure: [], remove: [] });
      }
      applied(plan);
    },
    add(name, entry) {
      if (current.servers.has(name)) {
        const hint = 'use replace, or another name';
        throw new McpvisorError('CONFIG_INVALID', {
          file: null,
          problems: [{ path: `mcpServers.${name}`, message: 'is there already', hint, severity: 'error' }],
        });
      }
      const parsed = parsedWith(name, entry);
      accepted(parsed, null);
      added.set(name, entry);
      foreign = new Set([...foreign, name]);
      return become(parsed, current);
    },
    replace(name, entry) {
      requireKnown(current, name);
      const parsed = parsedWith(name, entry);
      accepted(parsed, null);
      added.set(name, entry);
      foreign = new Set([...foreign, name]);
      return become(parsed, current);
    },
    remove(name) {
      requireKnown(current, name);
      const parsed = withoutEntry(current, name);
      accepted(parsed, null);
      added.delete(name);
      return become(parsed, current);
    },
    apply(config) {
      const parsed = parseEntries(config, current);
      accepted(parsed, null);
      added.clear();
      foreign = new Set(parsed.config?.servers.keys());
      return become(parsed, current);
    },
    plan: (config) => planOf(current, accepted(parseEntries(config, current), null)),
    reload(text) {
      if (isShuttingDown()) return;
      const { own, ...parsed } = parseConfigBeside(text, added, current);
      if (parsed.config === null) {
        return publish({
          type: 'config.rejected',
          actor: 'supervisor',
          file,
          problems: parsed.problems.filter(isError).map(toLine),
        });
      }
      const overruled = [...added.keys()].filter((name) => own.has(name) && foreign.has(name));
      foreign = new Set([...added.keys()].filter((name) => !own.has(name)));
      // What the file has taken over is the file's from now on.
      for (const name of own) added.delete(name);
      become(parsed, current);
      warn(
        overruled.map((name) => ({
          path: `mcpServers.${name}`,
          message: 'was added, too; the file wins',
          hint: null,
          severity: 'warning',
        })),
      );
    },
    restore(group) {
      const servers = [...current.servers.values()].filter(
        (specification) => specification.group === group && !isHeld(actorOf(specification.name)),
      );
      const add = servers.map((specification) => {
        const { generation } = ledger.put(specification, ledger.get(specification.name)?.source ?? 'file');
        return {
          group,
          server: {
            name: specification.name,
            policy: policyOf(specification, relations.isRelated(specification.name)),
            wanted: wishOf(specification.name) ?? (specification.enabled ? ('up' as const) : ('down' as const)),
            generation,
          },
        };
      });
      carryOut({ add, configure: [], remove: [] });
    },
  };
}

function accepted({ config, problems }: Parsed, file: string | null): Configuration {
  if (config === null) throw new McpvisorError('CONFIG_INVALID', { file, problems });
  return config;
}

function requireKnown({ servers }: Configuration, server: string): void {
  if (!servers.has(server)) throw new McpvisorError('SERVER_NOT_FOUND', { server, known: [...servers.keys()] });
}

function isError({ severity }: Problem): boolean {
  return severity === 'error';
}
