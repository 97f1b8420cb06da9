/** Wires the rooms together: what each part is made of stands here and nowhere else. */

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { McpvisorError } from '../errors.ts';
import { createFacts, type Facts } from '../observe/facts/facts.ts';
import { createInspection } from '../observe/facts/inspection.ts';
import { createRedactor, type Redactor } from '../observe/secrets/redact.ts';
import { createServerLogs } from '../observe/server-logs/server-logs.ts';
import { createOpenSession } from '../session/open.ts';
import { createGuard } from '../session/process/guard.ts';
import { createProcessRegistry } from '../session/process/registry.ts';
import { createLoopLag } from '../session/protocol/loop-lag.ts';
import { version } from '../version.ts';
import { createOpenLink } from './actors/launch.ts';
import { createMoments } from './actors/moments.ts';
import { createActors, type ServerActor, type ServerSnapshot } from './actors/system.ts';
import { createCalls } from './calls/calls.ts';
import { createWaking } from './calls/waking.ts';
import { createCatalog } from './catalog/catalog.ts';
import { createCommands } from './commands/commands.ts';
import { createDesired } from './desired/desired.ts';
import type { ConfigurationSource } from './desired/source.ts';
import { capabilitiesOf, createHost } from './host.ts';
import { createLedger, type ServerEntry } from './ledger.ts';
import type { SupervisorOptions } from './options.ts';
import { createAlarmWatch } from './status/alarm-watch.ts';
import { createReadiness } from './status/readiness.ts';
import { createStatuses } from './status/statuses.ts';

/** What a door may share with the supervisor it opens. */
export interface DoorOptions {
  readonly env: NonNullable<SupervisorOptions['env']>;
  /** Default: a stream of its own. */
  readonly facts?: Facts;
  /** Default: one of its own. */
  readonly redactor?: Redactor;
  /** Each line a server writes on stderr, redacted. */
  readonly onStderr?: (server: string, line: string) => void;
  /** Told of bugs that were contained. Default: they are dropped. */
  readonly onBug?: (error: unknown) => void;
  /**
   * Somebody sent `supervisor.shutdown`: whoever opened the supervisor ends it, with everything around it. Default: it
   * closes.
   */
  readonly onShutdown?: () => void;
}

export type AssemblyOptions = Omit<SupervisorOptions, 'config' | 'env'> & DoorOptions;

export type Assembly = ReturnType<typeof assemble>;

export function assemble(options: AssemblyOptions, { configuration, file }: ConfigurationSource, closing: AbortSignal) {
  const { env, stateDir = null, clock, random = Math.random, onBug = () => {}, onStderr = () => {} } = options;
  const wallNow = clock === undefined ? Date.now : () => clock.now();
  const monotonicNow = () => performance.now();
  const facts = options.facts ?? createFacts({ now: wallNow, onBug });
  const redactor = options.redactor ?? createRedactor();
  const publish = facts.publish;
  const moments = createMoments(wallNow, random);
  const isShuttingDown = () => closing.aborted;

  const registry = createProcessRegistry({ stateDir, onProblem: onBug });
  const guard = createGuard({ onLost: onBug });
  const ledger = createLedger((server) => registry.highestGeneration(server));
  const inspection = createInspection({ publish, nowMs: wallNow, onBug });
  const logs = createServerLogs({
    folder: stateDir === null ? null : join(stateDir, 'logs'),
    redactor,
    now: wallNow,
    memoryBytesOf: (server) => ledger.get(server)?.specification.stderrTailBytes,
    onProblem: (error) => onBug(new Error('The logs of servers cannot be written.', { cause: error })),
  });
  const answers = options.answers ?? {};
  const openLink = createOpenLink({
    env,
    stateDir,
    registry,
    guard,
    redactor,
    publish,
    onStderr(server, line) {
      logs.write(server, 'stderr', line);
      onStderr(server, line);
    },
    transports: options.transports ?? {},
    fetch: options.fetch,
    authProviders: options.authProviders ?? {},
    origin: () => ({ folder: desired.current.folder, secrets: desired.current.settings.secrets }),
  });
  const actors = createActors({
    ledger,
    publish,
    redactor,
    moments,
    onBug,
    inspection,
    clock,
    nowMs: wallNow,
    openSession: createOpenSession({
      openLink,
      loopLag: createLoopLag(monotonicNow),
      clientInfo: options.clientInfo ?? { name: 'mcpvisor', version },
    }),
    onNoted: (server, text) => logs.write(server, 'protocol', text),
    host: createHost(answers, options.onNotification, onBug),
    capabilities: capabilitiesOf(answers),
    slots: options.startConcurrency ?? Math.max(2, availableParallelism()),
    shutdownMs: configuration.settings.shutdownMs,
    killAll: () => registry.killAllNow(),
    reap: async () => {
      await registry.reapSurvivors(({ server, pid, command }) =>
        publish({ type: 'process.reaped', actor: `server:${server}`, pid, command }),
      );
    },
  });

  const entryOf = (server: string): ServerEntry => {
    const entry = ledger.get(server);
    if (entry === undefined) throw new McpvisorError('SERVER_NOT_FOUND', { server, known: [...ledger.entries.keys()] });
    return entry;
  };
  const actorOf = (server: string): ServerActor => {
    const actor = actors.server(entryOf(server).name);
    if (actor !== undefined) return actor;
    if (isShuttingDown()) throw new McpvisorError('SHUTTING_DOWN', {});
    // Between the death of an actor and its successor there is nobody to ask.
    throw new McpvisorError('SERVER_NOT_CONNECTED', {
      server,
      state: 'failed',
      nextRetryAt: null,
      reason: 'its actor died and is being replaced',
    });
  };
  /** The last actor of each server: still shown when it died, and when all have been let go at the end. */
  const lastActors = new WeakMap<ServerEntry, ServerActor>();
  inspection.onActor((actor, name) => {
    const entry = name.startsWith('server:') ? ledger.get(name.slice('server:'.length)) : undefined;
    if (entry !== undefined) lastActors.set(entry, actor as ServerActor);
  });
  const shownActorOf = (server: string): ServerActor => {
    const entry = entryOf(server);
    const living = actors.server(server);
    if (living !== undefined) return living;
    const last = lastActors.get(entry);
    // One that died while it was being made never had a snapshot.
    return last !== undefined && (last.getSnapshot() as unknown) !== undefined ? last : actorOf(server);
  };
  const alarms = createAlarmWatch({
    facts,
    serverOf: actors.server,
    groupOf: actors.group,
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
  const waking = createWaking({ actorOf, now: monotonicNow });
  const causeOf = (server: string) => actors.server(server)?.getSnapshot().context.failure?.class ?? null;
  const calls = createCalls({ entryOf, actorOf, causeOf, catalog, waking, publish, now: monotonicNow });
  const desired = createDesired({
    initial: configuration,
    file: file?.path ?? null,
    ledger,
    actorOf: actors.server,
    wishOf: (server) => {
      const entry = ledger.get(server);
      const last = entry === undefined ? undefined : lastActors.get(entry);
      // One that died while it was being made never had a snapshot.
      return (last?.getSnapshot() as ServerSnapshot | undefined)?.context.wanted ?? null;
    },
    publish,
    isShuttingDown,
    carryOut: (steps) => actors.root.send({ type: 'plan.apply', steps, ...moments.next() }),
  });
  const awaitReady = createReadiness({
    facts,
    servers: livingServers,
    actorOf,
    statusOf: statusOfServer,
    signal: closing,
  });

  return {
    actors,
    actorOf,
    alarms,
    awaitReady,
    calls,
    catalog,
    closing,
    commands,
    desired,
    entryOf,
    facts,
    guard,
    inspection,
    ledger,
    livingServers,
    logs,
    moments,
    monotonicNow,
    registry,
    redactor,
    shownActorOf,
    statusOfServer,
    waking,
    wallNow,
  };
}
