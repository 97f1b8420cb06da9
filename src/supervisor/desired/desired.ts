/** The desired state: the configuration in force, which is only replaced through a plan. */

import type { Wanted } from '../../../machines/server/events.ts';
import type { Steps } from '../../../machines/supervisor/events.ts';
import type { TimerClock } from '../../clock.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { Content } from '../../config/file/watch.ts';
import { countOf, type Decision, decide, type Plan, planOf } from '../../config/plan/plan.ts';
import { waitingWarnings } from '../../config/plan/setting-changes.ts';
import { errorAt } from '../../config/problems.ts';
import { type Problem, toLine } from '../../errors.ts';
import type { OwnAlarms } from '../../observe/alarms/own-alarms.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import type { Change, Store } from '../../store/contract.ts';
import type { StoreError } from '../../store/error.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { ServerActor } from '../actors/system.ts';
import type { Approvals } from '../approval/approvals.ts';
import { createGate, type Waiting } from '../approval/gate.ts';
import type { EntrySource } from '../contract/configuration.ts';
import { type KeptSecret, overruledSecrets } from '../kept-secrets.ts';
import type { Ledger } from '../ledger.ts';
import type { Earlier } from '../memory/earlier.ts';
import { createConfigurationFile } from './configuration-file.ts';
import { createEditing, type Editing } from './editing.ts';
import { createFileTrouble } from './file-trouble.ts';
import { carryOutPaced } from './pacing.ts';
import { relationsOf } from './relations.ts';
import { overruledIn, placeOf, type Sources, sourcesOf } from './sources/sources.ts';
import { withStored, withText } from './sources/taken-in.ts';
import { type Situation, stepsOf } from './steps.ts';
import { createEdits, type Edits } from './versions/edits.ts';
import type { WorkedSpecifications } from './worked.ts';

export interface DesiredOptions {
  readonly initial: Configuration;
  /** Its path, and what was read of it; null: there is none. */
  readonly file: { readonly path: string; readonly text: string } | null;
  readonly store: Pick<Store, 'kind' | 'configuration'>;
  readonly timers: TimerClock;
  /** Called with what the store did not do, and with null each time it did what it was asked for. */
  readonly onStore: (error: StoreError | null) => void;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  readonly ledger: Ledger;
  readonly actorOf: (server: string) => ServerActor | undefined;
  /** Whether the server's last actor, running or not, was wanted up or down; null: there was no actor. */
  readonly wishOf: (server: string) => Wanted | null;
  readonly worked: Pick<WorkedSpecifications, 'has'>;
  /** What is known of servers from earlier runs. */
  readonly earlier: Pick<Earlier, 'wishOf' | 'takeCounters'>;
  readonly approvals: Pick<Approvals, 'pendingOf' | 'madeByApi'>;
  readonly keptSecret: KeptSecret;
  readonly publish: PublishFact;
  readonly carryOut: (steps: Steps) => void;
  readonly isShuttingDown: () => boolean;
  readonly alarms: Pick<OwnAlarms, 'raise' | 'clear'>;
  readonly onError: (error: unknown) => void;
}

export interface Desired extends Editing, Pick<Edits, 'version' | 'versions'> {
  readonly current: Configuration;
  /** The servers that wait for approval. */
  readonly waiting: Waiting;
  /**
   * Looks what lives in the store, so that the sessions of these servers that an earlier run left are known before the
   * start. Changes nothing. Never rejects.
   */
  foresee(): Promise<void>;
  /** Carries out the initial configuration, a few servers in each turn of the event loop. */
  begin(): Promise<void>;
  /**
   * Applies what the configuration file is now. What cannot be applied changes nothing; that is published as a fact,
   * and an alarm stands until the file is mended. Does not throw.
   */
  reload(content: Content): void;
  /** Resolves when no edit is under way. Never rejects. */
  close(): Promise<void>;
  /** Other specifications are approved than before: servers that waited start. */
  reviewApprovals(): void;
}

/** How long the start of the other servers waits for those of the store, in milliseconds. */
const openWithinMs = 2_000;

/** How often other writers are looked for, in milliseconds: their edits are in force within two seconds. */
const pollMs = 1_000;

export function createDesired({
  initial,
  file: source,
  store,
  timers,
  onStore,
  now,
  ledger,
  actorOf,
  wishOf,
  worked,
  earlier,
  approvals,
  keptSecret,
  publish,
  carryOut,
  isShuttingDown,
  alarms,
  onError,
}: DesiredOptions): Desired {
  const file = source?.path ?? null;
  const trouble = createFileTrouble(file, alarms);
  const storeTrouble = createFileTrouble(
    'the store',
    alarms,
    'an edit of these servers without the mistakes, or their removal',
  );
  const written = createConfigurationFile(file, source?.text ?? '');
  let polling: unknown = null;
  /** It did not answer in time a moment ago, and is not waited for a second time. */
  let isAway = false;
  const gate = createGate(approvals);
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
    const { plan, steps } = adopt(next, situation());
    carryOut(steps);
    return applied(plan);
  }

  function situation(): Situation {
    return { configuration: sources.configuration, relations, waiting: gate.waiting };
  }

  function adopt(next: Sources, before: Situation | null): { readonly plan: Plan; readonly steps: Steps } {
    const { configuration } = next;
    const decision = decide(before?.configuration ?? null, configuration, initial);
    publish({ type: 'config.planned', actor: 'supervisor', steps: countOf(decision.plan) });
    const overruled = [...overruledIn(next)].filter((name) => before === null || !overruledIn(sources).has(name));
    if (overruled.length > 0) publish({ type: 'config.overruled', actor: 'supervisor', file, servers: overruled });
    sources = next;
    storeTrouble.accepted(next.stored.refused);
    relations = relationsOf(configuration);
    for (const [name, specification] of configuration.servers) ledger.put(specification, sourceOf(name));
    return { plan: decision.plan, steps: stepsBy(decision, before) };
  }

  function sourceOf(name: string): EntrySource {
    return placeOf(sources, name) ?? 'host';
  }

  function stepsBy(decision: Decision, before: Situation | null): Steps {
    const change = { before: before?.configuration ?? null, after: sources.configuration, sourceOf };
    return stepsOf(gate.pass(decision, change), { before, after: situation() }, lookups);
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
    const { secrets } = sources.configuration.settings;
    warn([...plan.warnings, ...waitingWarnings(settings), ...overruledSecrets(secrets, keptSecret)]);
    return plan;
  }

  function warn(problems: readonly Problem[]): void {
    const warnings = problems.filter(({ severity }) => severity === 'warning');
    if (warnings.length > 0)
      publish({ type: 'config.warned', actor: 'supervisor', file, problems: warnings.map(toLine) });
  }

  const edits = createEdits({
    store: store.configuration,
    file: written,
    onStore,
    inForce: {
      get sources() {
        return sources;
      },
      become,
    },
    now,
    announce,
    isShuttingDown,
  });

  /** What an edit makes of servers that do not live in the store is not seen in them afterwards. */
  async function announce(changes: readonly Change[], next: Sources): Promise<void> {
    for (const { source, server } of changes) {
      const edited = server === null ? undefined : next.configuration.servers.get(server);
      const before = server === null ? undefined : sources.configuration.servers.get(server);
      if (source !== 'store' && edited !== undefined) await approvals.madeByApi(edited, before ?? null);
    }
  }

  const editing = createEditing({
    edits,
    store: store.configuration,
    file: written,
    sources: () => sources,
    started: initial,
  });

  /** Nobody else writes the memory of this process. */
  function pollAgain(): void {
    if (store.kind === 'memory' || isShuttingDown()) return;
    polling = timers.setTimeout(() => void edits.synchronize().then(pollAgain), pollMs);
  }

  return {
    get current() {
      return sources.configuration;
    },
    get waiting() {
      return gate.waiting;
    },
    async foresee() {
      const entries = await within(openWithinMs, edits.open);
      if (entries === null) isAway = true;
      else sources = withStored(sources, entries);
    },
    async begin() {
      // Without the store the servers of the other sources start all the same; those of the store follow as a plan.
      const entries = await within(isAway ? 0 : openWithinMs, edits.open);
      const { plan, steps } = adopt(entries === null ? sources : withStored(sources, entries), null);
      if (await carryOutPaced(steps, { carryOut, isShuttingDown })) {
        applied(plan);
        const told = new Set(plan.warnings.map(toLine));
        // What was wrong with the text itself cannot be seen in what it says together with the store.
        warn(initial.warnings.filter((warning) => !told.has(toLine(warning))));
      }
      trouble.accepted(initial.refused);
      const synchronized = edits.synchronize();
      if (entries !== null) await synchronized;
      void synchronized.then(pollAgain);
    },
    version: edits.version,
    versions: edits.versions,
    ...editing,
    async close() {
      timers.clearTimeout(polling);
      await edits.idle();
    },
    reload(content) {
      if (isShuttingDown() || ('text' in content && written.isOwn(content.text))) return;
      const edit =
        'text' in content ? tryEdit(content.text) : { next: null, problems: [unreadable(content.unreadable)] };
      if (edit.next === null) {
        const errors = edit.problems.filter(({ severity }) => severity === 'error');
        const problems = errors.slice(0, mostProblems).map(toLine);
        publish({ type: 'config.rejected', actor: 'supervisor', file, problems });
        written.rejected(problems[0] ?? 'it cannot be read');
        return trouble.rejected(errors);
      }
      const before = sources;
      become(edit.next);
      if ('text' in content) written.accepted(content.text);
      edits.noteHandEdit(before, edit.next);
      trouble.accepted(edit.next.configuration.refused);
      warn(edit.overruled);
    },
    reviewApprovals() {
      if (isShuttingDown()) return;
      const before = situation();
      carryOut(stepsBy(decide(before.configuration, before.configuration, initial), before));
    },
  };

  async function within<Result>(ms: number, task: (inTime: Promise<void>) => Promise<Result>): Promise<Result> {
    let timer: unknown = null;
    const inTime = new Promise<void>((resolve) => {
      timer = timers.setTimeout(() => resolve(), ms);
    });
    const result = await task(inTime);
    timers.clearTimeout(timer);
    return result;
  }

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
