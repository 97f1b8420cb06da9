/** The desired state: the configuration in force, which is only replaced through a plan. */

import type { Wanted } from '../../../machines/server/events.ts';
import type { Steps } from '../../../machines/supervisor/events.ts';
import type { Configuration } from '../../config/configuration.ts';
import { shownDocument, shownEntry } from '../../config/editing/kept.ts';
import type { Content } from '../../config/file/watch.ts';
import { countOf, decide, type Plan, planOf } from '../../config/plan/plan.ts';
import { waitingWarnings } from '../../config/plan/setting-changes.ts';
import { errorAt } from '../../config/problems.ts';
import { McpvisorError, type Problem, toLine } from '../../errors.ts';
import type { OwnAlarms } from '../../observe/alarms/own-alarms.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { ServerActor } from '../actors/system.ts';
import type { Ledger } from '../ledger.ts';
import { createFileTrouble } from './file-trouble.ts';
import { carryOutPaced } from './pacing.ts';
import { relationsOf } from './relations.ts';
import {
  type Entry,
  entryIn,
  type Sources,
  sourcesOf,
  withAdded,
  withApplied,
  withRemoved,
  withReplaced,
  withText,
  withUpdated,
} from './sources.ts';
import { type Situation, stepsOf } from './steps.ts';
import type { WorkedSpecifications } from './worked.ts';

export interface DesiredOptions {
  readonly initial: Configuration;
  readonly file: string | null;
  readonly ledger: Ledger;
  readonly actorOf: (server: string) => ServerActor | undefined;
  /** Whether the server's last actor, running or not, was wanted up or down; null: there was no actor. */
  readonly wishOf: (server: string) => Wanted | null;
  readonly worked: Pick<WorkedSpecifications, 'has'>;
  readonly publish: PublishFact;
  readonly carryOut: (steps: Steps) => void;
  readonly isShuttingDown: () => boolean;
  readonly alarms: Pick<OwnAlarms, 'raise' | 'clear'>;
  readonly onError: (error: unknown) => void;
}

export interface Desired {
  readonly current: Configuration;
  /** Carries out the initial configuration, a few servers in each turn of the event loop. */
  begin(): Promise<void>;
  add(name: string, entry: Entry): Plan;
  replace(name: string, entry: Entry): Plan;
  update(name: string, patch: Entry): Plan;
  /** The configuration in force as it was written, without its secrets. */
  config(): Entry;
  /** The same of one server. Throws `SERVER_NOT_FOUND`. */
  entry(name: string): Entry;
  remove(name: string): Plan;
  apply(config: Entry): Plan;
  /** What `apply` would do. Changes nothing. */
  plan(config: Entry): Plan;
  /**
   * Applies what the configuration file is now. What cannot be applied changes nothing; that is published as a fact,
   * and an alarm stands until the file is mended. Does not throw.
   */
  reload(content: Content): void;
}

export function createDesired({
  initial,
  file,
  ledger,
  actorOf,
  wishOf,
  worked,
  publish,
  carryOut,
  isShuttingDown,
  alarms,
  onError,
}: DesiredOptions): Desired {
  const trouble = createFileTrouble(file, alarms);
  let sources = sourcesOf(initial, file);
  let relations = relationsOf(initial);
  const lookups = {
    hasActor: (server: string) => actorOf(server) !== undefined,
    wishOf,
    hasWorked: worked.has,
    generationOf: (server: string) => ledger.get(server)?.reported.generation ?? 0,
  };

  function become(next: Sources): Plan {
    const { plan, steps } = adopt(next, { configuration: sources.configuration, relations });
    carryOut(steps);
    return applied(plan);
  }

  function adopt(next: Sources, before: Situation | null): { readonly plan: Plan; readonly steps: Steps } {
    if (isShuttingDown()) throw new McpvisorError('SHUTTING_DOWN', {});
    const { configuration } = next;
    const decision = decide(before?.configuration ?? null, configuration, initial);
    publish({ type: 'config.planned', actor: 'supervisor', steps: countOf(decision.plan) });
    sources = next;
    relations = relationsOf(configuration);
    for (const [name, specification] of configuration.servers)
      ledger.put(specification, next.foreign.has(name) ? 'api' : 'file');
    return {
      plan: decision.plan,
      steps: stepsOf(decision, { before, after: { configuration, relations } }, lookups),
    };
  }

  function applied(plan: Plan): Plan {
    const { start, stop, restart, change, disabled, groups, settings } = plan;
    publish({
      type: 'config.applied',
      actor: 'supervisor',
      started: start,
      stopped: stop,
      restarted: restart,
      changed: change,
      disabled: { added: disabled.add, changed: disabled.change, removed: disabled.remove },
      groups,
      settings,
    });
    warn([...plan.warnings, ...waitingWarnings(settings)]);
    return plan;
  }

  function warn(problems: readonly Problem[]): void {
    const warnings = problems.filter(({ severity }) => severity === 'warning');
    if (warnings.length > 0)
      publish({ type: 'config.warned', actor: 'supervisor', file, problems: warnings.map(toLine) });
  }

  return {
    get current() {
      return sources.configuration;
    },
    async begin() {
      const { plan, steps } = adopt(sources, null);
      if (await carryOutPaced(steps, { carryOut, isShuttingDown })) applied(plan);
      trouble.accepted(sources.configuration.refused);
    },
    add: (name, entry) => become(withAdded(sources, name, entry)),
    replace: (name, entry) => become(withReplaced(sources, name, entry)),
    update: (name, patch) => become(withUpdated(sources, name, patch)),
    config: () => shownDocument(sources.configuration.source),
    entry: (name) => shownEntry(entryIn(sources, name)),
    remove: (name) => become(withRemoved(sources, name)),
    apply: (config) => become(withApplied(sources, config)),
    plan: (config) => planOf(sources.configuration, withApplied(sources, config).configuration, initial),
    reload(content) {
      if (isShuttingDown()) return;
      const edit =
        'text' in content ? tryEdit(content.text) : { next: null, problems: [unreadable(content.unreadable)] };
      if (edit.next === null) {
        const errors = edit.problems.filter(({ severity }) => severity === 'error');
        const problems = errors.slice(0, mostProblems).map(toLine);
        publish({ type: 'config.rejected', actor: 'supervisor', file, problems });
        return trouble.rejected(errors);
      }
      become(edit.next);
      trouble.accepted(edit.next.configuration.refused);
      warn(edit.overruled);
    },
  };

  /** Whatever an edit makes throw, the servers go on with what they have. */
  function tryEdit(text: string): Edit {
    try {
      const { sources: next, problems, overruled } = withText(sources, text);
      if (next !== null) decide(sources.configuration, next.configuration, initial);
      return next === null ? { next, problems } : { next, overruled };
    } catch (error) {
      onError(error);
      const what = wordsOf(error);
      return { next: null, problems: [errorAt([], `cannot be worked on: ${what}`, 'undo the edit, and report this')] };
    }
  }
}

type Edit =
  | { readonly next: Sources; readonly overruled: readonly Problem[] }
  | { readonly next: null; readonly problems: readonly Problem[] };

/** More mistakes than anybody reads in a fact. */
const mostProblems = 50;

function unreadable(reason: string): Problem {
  return errorAt([], `cannot be read: ${reason}`, null);
}
