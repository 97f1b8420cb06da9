/** The desired state: the configuration in force, which is only replaced through a plan. */

import type { Wanted } from '../../../machines/server/events.ts';
import type { Steps } from '../../../machines/supervisor/events.ts';
import type { Configuration } from '../../config/configuration.ts';
import { shownDocument, shownEntry } from '../../config/editing/kept.ts';
import type { Content } from '../../config/file/watch.ts';
import { countOf, decide, type Plan, planOf } from '../../config/plan/plan.ts';
import { waitingWarnings } from '../../config/plan/setting-changes.ts';
import { errorAt } from '../../config/problems.ts';
import { type Problem, toLine } from '../../errors.ts';
import type { OwnAlarms } from '../../observe/alarms/own-alarms.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import type { ConfigurationStore } from '../../store/contract.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { ServerActor } from '../actors/system.ts';
import type { Edited, EditOptions } from '../contract/configuration.ts';
import type { Ledger } from '../ledger.ts';
import type { Earlier } from '../memory/earlier.ts';
import { createFileTrouble } from './file-trouble.ts';
import { carryOutPaced } from './pacing.ts';
import { relationsOf } from './relations.ts';
import {
  entryIn,
  withAdded,
  withApplied,
  withRemoved,
  withReplaced,
  withStoredReplaced,
  withUpdated,
} from './sources/edits.ts';
import { type Entry, placeOf, type Sources, sourcesOf } from './sources/sources.ts';
import { withText } from './sources/taken-in.ts';
import { type Situation, stepsOf } from './steps.ts';
import { createEdits, type Edits } from './versions/edits.ts';
import type { WorkedSpecifications } from './worked.ts';

export interface DesiredOptions {
  readonly initial: Configuration;
  readonly file: string | null;
  readonly store: ConfigurationStore;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  readonly ledger: Ledger;
  readonly actorOf: (server: string) => ServerActor | undefined;
  /** Whether the server's last actor, running or not, was wanted up or down; null: there was no actor. */
  readonly wishOf: (server: string) => Wanted | null;
  readonly worked: Pick<WorkedSpecifications, 'has'>;
  /** What is known of servers from earlier runs. */
  readonly earlier: Pick<Earlier, 'wishOf' | 'takeCounters'>;
  readonly publish: PublishFact;
  readonly carryOut: (steps: Steps) => void;
  readonly isShuttingDown: () => boolean;
  readonly alarms: Pick<OwnAlarms, 'raise' | 'clear'>;
  readonly onError: (error: unknown) => void;
}

export interface Desired extends Pick<Edits, 'version' | 'versions'> {
  readonly current: Configuration;
  /** Carries out the initial configuration, a few servers in each turn of the event loop. */
  begin(): Promise<void>;
  add(name: string, entry: Entry, options?: EditOptions): Promise<Edited>;
  replace(name: string, entry: Entry, options?: EditOptions): Promise<Edited>;
  update(name: string, patch: Entry, options?: EditOptions): Promise<Edited>;
  /** The configuration in force as it was written, without its secrets. */
  config(): Entry;
  /** The same of one server. Throws `SERVER_NOT_FOUND`. */
  entry(name: string): Entry;
  remove(names: string | readonly string[], options?: EditOptions): Promise<Edited>;
  apply(config: Entry, options?: EditOptions): Promise<Edited>;
  /** What `apply` would do. Changes nothing. */
  plan(config: Entry, options?: Pick<EditOptions, 'to'>): Plan;
  /**
   * Applies what the configuration file is now. What cannot be applied changes nothing; that is published as a fact,
   * and an alarm stands until the file is mended. Does not throw.
   */
  reload(content: Content): void;
  /** Resolves when no edit is under way. Never rejects. */
  idle(): Promise<void>;
}

export function createDesired({
  initial,
  file,
  store,
  now,
  ledger,
  actorOf,
  wishOf,
  worked,
  earlier,
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
    earlierWishOf: earlier.wishOf,
    earlierCountersOf: earlier.takeCounters,
    generationOf: (server: string) => ledger.get(server)?.reported.generation ?? 0,
  };

  function become(next: Sources): Plan {
    // It was made durable, and comes into force at the next start.
    if (isShuttingDown()) return planOf(sources.configuration, next.configuration, initial);
    const { plan, steps } = adopt(next, { configuration: sources.configuration, relations });
    carryOut(steps);
    return applied(plan);
  }

  function adopt(next: Sources, before: Situation | null): { readonly plan: Plan; readonly steps: Steps } {
    const { configuration } = next;
    const decision = decide(before?.configuration ?? null, configuration, initial);
    publish({ type: 'config.planned', actor: 'supervisor', steps: countOf(decision.plan) });
    sources = next;
    relations = relationsOf(configuration);
    for (const [name, specification] of configuration.servers) ledger.put(specification, placeOf(next, name) ?? 'host');
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

  const edits = createEdits({
    store,
    inForce: {
      get sources() {
        return sources;
      },
      become,
    },
    now,
    isShuttingDown,
  });

  function whole(now: Sources, config: Entry, { to = 'host' }: Pick<EditOptions, 'to'>): Sources {
    return to === 'store' ? withStoredReplaced(now, config) : withApplied(now, config);
  }

  return {
    get current() {
      return sources.configuration;
    },
    async begin() {
      const { plan, steps } = adopt(sources, null);
      if (await carryOutPaced(steps, { carryOut, isShuttingDown })) applied(plan);
      trouble.accepted(sources.configuration.refused);
      // Without the store the servers of the other sources run all the same.
      await edits.synchronize().catch(() => undefined);
    },
    add: (name, entry, options = {}) =>
      edits.edit(options, (now) => withAdded(now, name, { entry, to: options.to ?? 'host' })),
    replace: (name, entry, options = {}) => edits.edit(options, (now) => withReplaced(now, name, entry)),
    update: (name, patch, options = {}) => edits.edit(options, (now) => withUpdated(now, name, patch)),
    config: () => shownDocument(sources.configuration.source),
    entry: (name) => shownEntry(entryIn(sources, name)),
    remove: (names, options = {}) =>
      edits.edit(options, (now) => withRemoved(now, typeof names === 'string' ? [names] : names)),
    apply: (config, options = {}) => edits.edit(options, (now) => whole(now, config, options)),
    plan: (config, options = {}) =>
      planOf(sources.configuration, whole(sources, config, options).configuration, initial),
    version: edits.version,
    versions: edits.versions,
    idle: edits.idle,
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
      const before = sources;
      become(edit.next);
      edits.noteHandEdit(before, edit.next);
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
