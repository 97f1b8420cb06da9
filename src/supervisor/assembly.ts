/** Wires the parts of a supervisor together. No other file knows what each part is made of. */

import { availableParallelism } from 'node:os';
import { stopSettingsOf } from '../config/entries/stop.ts';
import type { PublishFact } from '../observe/facts/fact.ts';
import { createInspector } from '../observe/facts/inspected.ts';
import type { MetricsOptions } from '../observe/metrics/metrics.ts';
import type { Budget } from '../session/budget.ts';
import { chartSettingsOf, holderSettingsOf } from './actors/client-process/settings.ts';
import { createDirectory } from './actors/directory.ts';
import type { Moments } from './actors/moments.ts';
import { listenToActors } from './actors/news.ts';
import { createReaping } from './actors/reaping.ts';
import { placeOfRoot, reached } from './actors/root.ts';
import { createExpansions } from './actors/session/expansions.ts';
import { createLaunch } from './actors/session/launch.ts';
import { createWords } from './actors/session/words.ts';
import { createActors, type RootActor } from './actors/system.ts';
import { createCalls } from './calls/calls.ts';
import { createCallChecks } from './calls/checks.ts';
import { createEnsuring } from './calls/ensuring.ts';
import { createSettling } from './calls/settling.ts';
import { createToolAnswers } from './calls/tool-answers.ts';
import { createWaking } from './calls/waking.ts';
import { createCatalog } from './catalog/catalog.ts';
import { createToolLists } from './catalog/formats/tool-lists.ts';
import { createCommands } from './commands/commands.ts';
import { createRecipients } from './commands/recipients.ts';
import { createSending } from './commands/sending.ts';
import { createDesired, type Desired } from './desired/desired.ts';
import type { ConfigurationSource } from './desired/source.ts';
import { createFoundation, type Time } from './foundation.ts';
import { capabilitiesOf, createHost } from './host.ts';
import { type SupervisorMethods, toMethods } from './methods.ts';
import type { AssemblyOptions } from './options.ts';
import { createAlarmWatch } from './status/alarm-watch.ts';
import { createCharts } from './status/charts.ts';
import { clientProcessStatus } from './status/client-process.ts';
import { createOverview } from './status/overview.ts';
import { createReadiness, readinessNow } from './status/readiness.ts';
import { toIso } from './status/status.ts';
import { createStatuses } from './status/statuses.ts';
import { createTree } from './tree.ts';

export interface End {
  /** Aborted once the supervisor has begun to close. */
  readonly closing: AbortSignal;
  /** Closes the supervisor. Called when somebody sends `supervisor.shutdown`. */
  readonly shutDown: () => void;
  /** Closes it and leaves its servers to the next one. Called when somebody sends `supervisor.leave`. */
  readonly leave: () => void;
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
  readonly desired: Pick<Desired, 'begin' | 'reload'>;
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
  { closing, shutDown, leave }: End,
): Assembly {
  const { env, stateDir = null, clock, onError = () => {}, onStderr = () => {} } = options;
  const foundation = createFoundation(options, {
    secrets: () => desired.current.settings.secrets,
    settings: () => holderSettingsOf(desired.current),
    wouldOpen(server) {
      const written = desired.current.servers.get(server);
      // A lazy server is started when it is called.
      if (written === undefined || !written.enabled || written.lazy) return null;
      const launched = launch(written);
      return 'specification' in launched ? { specification: launched.specification, capabilities } : null;
    },
  });
  const { facts, redactor, strayAlarms, ownAlarms, turns, sessions, holder, ledger, inspection, logs, moments } =
    foundation;
  const { wallNow, monotonicNow, timers } = foundation.time;
  const { publish } = facts;
  const isShuttingDown = () => closing.aborted;

  const answers = options.answers ?? {};
  const capabilities = capabilitiesOf(answers);
  const reaping = createReaping({ sessions, publish, stopOf: (server) => stopSettingsOf(configuration, server) });
  const launch = createLaunch({
    env,
    stateDir,
    origin: () => ({ folder: desired.current.folder, secrets: desired.current.settings.secrets }),
    hasFetch: options.fetch !== undefined,
  });
  const actors = createActors({
    ledger,
    publish,
    redactor,
    moments,
    onError,
    inspection,
    inspector:
      options.inspect === undefined
        ? null
        : createInspector({ redactor, inspect: options.inspect, nowMs: wallNow, onError }),
    clock,
    nowMs: wallNow,
    launch,
    expansions: createExpansions(launch),
    openSession: sessions.open,
    worked: foundation.worked,
    turns,
    onLine(server, stream, text) {
      logs.write(server, stream, text);
      if (stream === 'stderr') onStderr(server, text);
    },
    host: createHost(answers, options.onNotification, onError),
    capabilities,
    slots: options.startConcurrency ?? Math.max(2, availableParallelism()),
    shutdownMs: configuration.settings.shutdownMs,
    killAll: sessions.killAllNow,
    reap: reaping.reap,
    clientProcess: holder === null ? null : { holder, settings: chartSettingsOf(configuration) },
  });

  const { entryOf, actorOf, lastActorOf, shownActorOf } = createDirectory({
    ledger,
    actors,
    inspection,
    isShuttingDown,
  });
  const alarms = createAlarmWatch({
    facts,
    serverOf: actors.server,
    groupOf: actors.group,
    clientOf: actors.client,
    furtherOf: strayAlarms.of,
    publish,
    nowMs: wallNow,
    clock,
  });
  const statusOfServer = createStatuses({
    sourcesOf: (server) => {
      const actor = shownActorOf(server);
      return { entry: entryOf(server), actor, sinceMs: inspection.sinceMs(actor) ?? wallNow() };
    },
    alarmsOf: (server) => alarms.of(`server:${server}`),
  });
  const livingServers = () => [...ledger.entries.keys()].filter((server) => actors.server(server) !== undefined);

  const commands = createCommands({
    actorOf,
    moments,
    publish,
    isShuttingDown,
    lastFailureOf: (server) => statusOfServer(server).lastFailure,
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
    file: file?.path ?? null,
    ledger,
    actorOf: actors.server,
    worked: foundation.worked,
    wishOf: (server) => lastActorOf(server)?.getSnapshot().context.wanted ?? null,
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
    },
  });
  const watched = { servers: livingServers, actorOf, statusOf: statusOfServer };
  const recipients = createRecipients({ actors, commands, desired, ledger });
  listenToActors({ inspection, commands, facts, ledger, logs, desired, actors });

  const overview = createOverview({
    startedAt: toIso(wallNow()),
    root: actors.root,
    servers: () => [...ledger.entries.keys()],
    statusOf: statusOfServer,
    groups: () => [...desired.current.settings.groups.keys()],
    alarms,
    ownAlarms: ownAlarms.list,
    clientProcess() {
      const actor = actors.client();
      if (holder === null || actor === undefined) return null;
      return clientProcessStatus(actor, inspection.sinceMs(actor) ?? wallNow(), holder.logPath);
    },
  });
  const ensureConnected = createEnsuring({ entryOf, waking });
  const methods = toMethods({
    answerToolCalls: createToolAnswers({ calls, catalog, nowMs: wallNow }),
    awaitReady: createReadiness({ facts, ...watched, timers, signal: closing }),
    calls,
    catalog,
    charts: createCharts(actors.charts),
    checkCall: createCallChecks({ entryOf, actorOf, catalog, waking }),
    commands,
    desired,
    ensureConnected,
    entryOf,
    facts,
    logs,
    overview,
    readiness: () =>
      readinessNow(
        { ...watched, isEnabled: (server) => entryOf(server).specification.enabled },
        placeOfRoot(actors.root).state === 'running' && !isShuttingDown(),
      ),
    recipients,
    send: createSending({ commands, statusOf: statusOfServer, timers }),
    statusOf: statusOfServer,
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
    moments,
    publish,
    time: foundation.time,
    killAllNow: sessions.killAllNow,
    leave: holder === null ? null : () => holder.leave(),
    settled: createSettling({ ledger, facts, timers }),
    measured: ({ droppedLines, unread }) => ({
      facts,
      status: overview,
      memoryOfGroups: sessions.memoryOf,
      remoteConnections: sessions.remoteConnections,
      heldBytes: () => [...sessions.heldBytes(), { of: 'answers', limits: unread.limits, servers: unread.uses }],
      droppedLines: () => ({ mcpvisor: droppedLines(), servers: logs.droppedLines }),
      now: wallNow,
    }),
    async release() {
      commands.close();
      alarms.close();
      actors.root.stop();
      await reaping.settled(desired.current.settings.shutdownMs);
      await foundation.release();
    },
  };
}
