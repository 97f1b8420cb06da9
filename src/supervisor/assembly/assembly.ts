/**
 * Wires the parts of a supervisor together: on the foundation the actors, what is seen of them, commands, calls and the
 * configuration in force. What each part is made of is known in this folder alone.
 */

import type { McpvisorError } from '../../errors.ts';
import { fileFlaw } from '../../observe/alarms/trouble.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import type { MetricsOptions } from '../../observe/metrics/metrics.ts';
import type { Budget } from '../../session/budget.ts';
import type { ServerSpecification } from '../../specification.ts';
import { chartSettingsOf, holderSettingsOf } from '../actors/client-process/settings.ts';
import { createDirectory } from '../actors/directory.ts';
import type { Moments } from '../actors/moments.ts';
import { listenToActors } from '../actors/news.ts';
import { reached } from '../actors/root.ts';
import { createLaunch } from '../actors/session/launch.ts';
import { createWords } from '../actors/session/words.ts';
import type { RootActor } from '../actors/system.ts';
import type { Approvals } from '../approval/approvals.ts';
import { createCalls } from '../calls/calls.ts';
import { createCallChecks } from '../calls/checks.ts';
import { createEnsuring } from '../calls/ensuring.ts';
import { createSettling } from '../calls/settling.ts';
import { createToolAnswers } from '../calls/tool-answers.ts';
import { createWaking } from '../calls/waking.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { createToolLists } from '../catalog/formats/tool-lists.ts';
import { createCommands } from '../commands/commands.ts';
import { createRecipients } from '../commands/recipients.ts';
import { createSending } from '../commands/sending.ts';
import { createDesired, type Desired } from '../desired/desired.ts';
import type { ConfigurationSource } from '../desired/source.ts';
import { capabilitiesOf } from '../host.ts';
import { keptSecretsIn } from '../kept-secrets.ts';
import { createClaiming } from '../memory/claiming.ts';
import { createJournal } from '../memory/journal.ts';
import { createRestoring } from '../memory/restoring.ts';
import { createServerWatch } from '../memory/server-watch.ts';
import { type SupervisorMethods, toMethods } from '../methods.ts';
import type { AssemblyOptions } from '../options.ts';
import { createCharts } from '../status/charts.ts';
import { createTree } from '../tree.ts';
import { assembleActors } from './actors.ts';
import { createFoundation, type Time } from './foundation.ts';
import { assembleStatus } from './status.ts';

/** How long the answer to a command waits for the store, in milliseconds. */
const keptMs = 500;

export interface End {
  /** Aborted once the supervisor has begun to close. */
  readonly closing: AbortSignal;
  /** Closes the supervisor. Called when somebody sends `supervisor.shutdown`. */
  readonly shutDown: () => void;
  /** Closes it and leaves its servers to the next one. Called when somebody sends `supervisor.leave`. */
  readonly leave: () => void;
  /** Called once if another control plane has taken the store. It has to close the supervisor. */
  readonly fail: (error: McpvisorError) => void;
}

/** What is measured of the entry point itself. */
export interface OwnOfEntryPoint {
  /** Lines that its own log dropped. */
  readonly droppedLines: () => number;
  /** Room for answers on their way to callers over HTTP. */
  readonly unread: Budget;
}

/** Everything that `openSupervisor` needs of a supervisor: its public methods, and what starts and ends it. */
export interface Assembly {
  readonly methods: SupervisorMethods;
  readonly root: RootActor;
  readonly desired: Pick<Desired, 'foresee' | 'begin' | 'reload' | 'reviewApprovals'>;
  readonly approvals: Pick<Approvals, 'onChanged'>;
  /** Resolves when another control plane is seen to use the store. */
  readonly held: Promise<void>;
  readonly moments: Moments;
  readonly publish: PublishFact;
  readonly time: Time;
  /** Sends SIGKILL to every process group, synchronously. */
  readonly killAllNow: () => void;
  /** What `createMetrics` measures. */
  readonly measured: (own: OwnOfEntryPoint) => MetricsOptions;
  /** Lets go of the client process with all its sessions. Null: sessions are held in this process, and end with it. */
  readonly leave: (() => void) | null;
  /** Resolves when no call is open any more, or after so many milliseconds. Never rejects. */
  readonly settled: (withinMs: number) => Promise<void>;
  /** Releases what was created here, once the root has ended. Does not throw. */
  readonly release: () => Promise<void>;
}

export function assemble(
  options: AssemblyOptions,
  { configuration, file }: ConfigurationSource,
  { closing, shutDown, leave, fail }: End,
): Assembly {
  const { env, stateDir = null, clock, onError = () => {} } = options;
  const foundation = createFoundation(options, {
    secrets: () => desired.current.settings.secrets,
    approved: () => desired.current.settings.approved,
    settings: () => holderSettingsOf(desired.current),
    wouldOpen(server) {
      const written = desired.current.servers.get(server);
      // A lazy server is started when it is called.
      if (written === undefined || written.lazy || wantedOf(written) === 'down' || desired.waiting.has(server))
        return null;
      const launched = launch(written);
      return 'specification' in launched ? { specification: launched.specification, capabilities } : null;
    },
  });
  const { facts, redactor, ownAlarms, turns, sessions, holder, ledger, inspection, logs, moments } = foundation;
  const { wallNow, monotonicNow, timers } = foundation.time;
  const { publish } = facts;
  const { earlier, fingerprints, memory, store } = foundation;
  const isShuttingDown = () => closing.aborted;
  const watch = createServerWatch({
    inspection,
    facts,
    ledger,
    redactor,
    fingerprints,
    keep: memory.keepServer,
  });

  const capabilities = capabilitiesOf(options.answers ?? {});
  const keptSecret = keptSecretsIn(stateDir, fileFlaw(ownAlarms));
  const launch = createLaunch({
    env,
    stateDir,
    origin: () => ({ folder: desired.current.folder, secrets: desired.current.settings.secrets }),
    keptSecret,
    hasFetch: options.fetch !== undefined,
  });
  const { actors, reaping } = assembleActors(options, {
    foundation,
    launch,
    configuration,
    claim: () => claiming.claim(),
  });
  const directory = createDirectory({ ledger, actors, inspection, isShuttingDown });
  const { entryOf, actorOf, lastActorOf, shownActorOf } = directory;
  const wishOf = (server: string) => lastActorOf(server)?.getSnapshot().context.wanted ?? null;
  const wantedOf = ({ name, enabled }: ServerSpecification) =>
    wishOf(name) ?? earlier.wishOf(name) ?? (enabled ? 'up' : 'down');
  const groups = () => [...desired.current.settings.groups.keys()];
  const { alarms, statusOf, overview, readiness, awaitReady } = assembleStatus({
    foundation,
    actors,
    directory,
    groups,
    configVersion: () => desired.version(),
    closing,
    clock,
  });

  const commands = createCommands({
    actorOf,
    moments,
    publish,
    isShuttingDown,
    lastFailureOf: (server) => statusOf(server).lastFailure,
    kept: async () => void (await memory.flushed(keptMs)),
  });
  const catalog = createCatalog(ledger, (server) => actors.server(server)?.getSnapshot().matches('connected') === true);
  const waking = createWaking({ actorOf, timers, now: monotonicNow });
  const causeOf = (server: string) => actors.server(server)?.getSnapshot().context.failure?.class ?? null;
  const { overheard } = createWords(redactor);
  const seen = { catalog, waking, overheard, publish, redactor };
  const calls = createCalls({
    entryOf,
    actorOf,
    causeOf,
    ...seen,
    now: monotonicNow,
    caughtUp: turns.caughtUp,
  });
  const desired = createDesired({
    initial: configuration,
    file,
    store: foundation.store,
    timers: foundation.time.backgroundTimers,
    onStore: (error) => (error === null ? foundation.memory.noteSuccess() : foundation.memory.noteTrouble(error)),
    now: wallNow,
    ledger,
    actorOf: actors.server,
    worked: foundation.worked,
    earlier,
    wishOf,
    approvals: foundation.approvals,
    keptSecret,
    publish,
    isShuttingDown,
    alarms: ownAlarms,
    onError,
    carryOut(steps) {
      actors.root.send({
        type: 'plan.apply',
        steps: { ...steps, clientProcess: chartSettingsOf(desired.current) },
        ...moments.next(),
      });
      holder?.configure();
      journal.configure();
    },
  });
  const journal = createJournal({
    ...foundation,
    settings: () => desired.current.settings.journal,
    timers: foundation.time.backgroundTimers,
    now: wallNow,
  });
  const recipients = createRecipients({ actors, commands, desired, ledger });
  listenToActors({
    inspection,
    commands,
    facts,
    ledger,
    logs,
    desired,
    actors,
    forget(server) {
      earlier.forget(server);
      watch.forget(server);
    },
  });
  const restoring = createRestoring({
    store: store.servers,
    earlier,
    watch,
    memory,
    timers,
    isConfigured: (server) => ledger.get(server) !== undefined || desired.current.refused.has(server),
    wishOf,
    post: commands.post,
  });
  const claiming = createClaiming({
    store: store.lease,
    leaseAs: options.leaseAs,
    address: store.address,
    timers: foundation.time.backgroundTimers,
    memory,
    alarms: ownAlarms,
    restoring,
    isShuttingDown,
    fail,
  });

  const ensureConnected = createEnsuring({ entryOf, waking });
  const methods = toMethods({
    answerToolCalls: createToolAnswers({ calls, catalog, nowMs: wallNow }),
    awaitReady,
    calls,
    catalog,
    charts: createCharts(actors.charts),
    checkCall: createCallChecks({ entryOf, actorOf, catalog, waking }),
    commands,
    desired,
    ensureConnected,
    entryOf,
    facts,
    journal,
    logs,
    overview,
    readiness,
    recipients,
    send: createSending({ commands, statusOf, timers }),
    statusOf,
    storeHolder: claiming.holder,
    tools: createToolLists({
      catalog,
      ensureConnected,
      enabled: () => [...ledger.entries.values()].flatMap((one) => (one.specification.enabled ? [one.name] : [])),
    }),
    tree: createTree({
      actors,
      commands,
      inspection,
      isShuttingDown,
      moments,
      isKnown: (server) => ledger.get(server) !== undefined,
      publish,
      recipients,
      shownActorOf,
      shutDown,
      leave: holder === null ? null : leave,
      wallNow,
      whenEnded: () => reached(actors.root, ['closed']),
    }),
  });

  return {
    methods,
    root: actors.root,
    desired,
    held: claiming.held,
    approvals: foundation.approvals,
    moments,
    publish,
    time: foundation.time,
    killAllNow: sessions.killAllNow,
    leave:
      holder === null
        ? null
        : () => {
            claiming.leave();
            holder.leave();
          },
    settled: createSettling({ ledger, facts, timers }),
    measured: ({ droppedLines, unread }) => ({
      facts,
      status: overview,
      memoryOfGroups: sessions.memoryOf,
      remoteConnections: sessions.remoteConnections,
      heldBytes: () => [...sessions.heldBytes(), { of: 'answers', limits: unread.limits, servers: unread.uses }],
      store: () => ({ ...foundation.memory.state, ...foundation.memory.effort }),
      droppedLines: () => ({ mcpvisor: droppedLines(), servers: logs.droppedLines }),
      now: wallNow,
    }),
    async release() {
      await desired.close();
      commands.close();
      alarms.close();
      actors.root.stop();
      await reaping.settled(desired.current.settings.shutdownMs);
      restoring.prune();
      journal.close();
      // The last writes are made while the store is ours.
      await memory.close();
      await claiming.close();
      await foundation.release();
    },
  };
}
