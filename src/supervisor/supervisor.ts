/** The supervisor as doors use it: its life from boot to close, and the library's face over its parts. */

import type { GroupEmitted } from '../../machines/group-events.ts';
import type { ServerEmitted } from '../../machines/server-events.ts';
import { watchConfig } from '../config/watch.ts';
import { McpvisorError } from '../errors.ts';
import { pathOf } from '../observe/edge.ts';
import { selectFacts } from '../observe/journal.ts';
import { createLog } from '../observe/log.ts';
import type { MetricsOptions } from '../observe/metrics.ts';
import { memoryOfGroups } from '../session/group-memory.ts';
import type { ServerSpecification } from '../specification.ts';
import { version } from '../version.ts';
import { isHeld } from './actors.ts';
import { type Assembly, assemble, type DoorOptions } from './assembly.ts';
import { createCallChecks } from './call-checks.ts';
import { createCharts } from './charts.ts';
import { type ConfigurationSource, openConfiguration } from './configuration-source.ts';
import { type ServerState, type ServerStatus, type Status, type Supervisor, serverStates } from './contract.ts';
import { createToolAnswers } from './formats/tool-answers.ts';
import { createToolLists } from './formats/tool-lists.ts';
import type { SupervisorOptions } from './options.ts';
import { readinessNow } from './readiness.ts';
import { createRecipients } from './recipients.ts';
import { toIso } from './status.ts';
import { watchSuspension } from './suspension.ts';
import { createTree } from './tree.ts';

export type OpenSupervisorOptions = Omit<SupervisorOptions, 'env'> & DoorOptions;

export interface OpenedSupervisor {
  readonly supervisor: Supervisor;
  /** Sends SIGKILL to every process group, synchronously: for the moment before the process ends at once. */
  readonly killAllNow: () => void;
  /** What `createMetrics` measures; `droppedLines` are those of the door's own log. */
  readonly measured: (droppedLines: () => number) => MetricsOptions;
  /** Aborts when the end has begun. */
  readonly closing: AbortSignal;
}

/**
 * Resolves when what an earlier life left behind is gone and every enabled server is on its way; wait for `ready()` to know that they have come to rest.
 * Throws `CONFIG_INVALID`, `CONFIG_UNREADABLE` and `NOT_AVAILABLE`.
 */
export async function openSupervisor(options: OpenSupervisorOptions): Promise<OpenedSupervisor> {
  refuseWhatIsNotThere(options);
  const source = await openConfiguration(options);
  const closing = new AbortController();
  const parts = assemble(options, source, closing.signal);
  const { actors, facts, guard, moments, registry, redactor } = parts;
  const { root } = actors;
  const log = options.logger === undefined ? null : createLog({ facts, redactor, logger: options.logger });
  const startedAt = toIso(parts.wallNow());
  hearActors(parts);

  let ended = false;
  root.subscribe({
    next() {},
    // The root's actions cannot throw; if one did, nobody would be left to end the servers.
    error: (error) => {
      ended = true;
      registry.killAllNow();
      options.onBug?.(error);
    },
  });

  const closeAll = async (): Promise<void> => {
    closing.abort();
    options.signal?.removeEventListener('abort', onAbort);
    if (!ended) {
      root.send({ type: 'supervisor.shutdown', ...moments.next() });
      await reached(parts, ['closed']);
    }
    parts.commands.close();
    parts.alarms.close();
    root.stop();
    await guard.close();
    await registry.close();
    await parts.logs.close();
    await log?.close();
    if (options.facts === undefined) facts.close();
  };
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= closeAll();
    return closed;
  };
  // It does not reject.
  const onAbort = () => void close();

  root.start();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted === true) onAbort();
  await reached(parts, ['running', 'failed', 'closed']);
  if (!closing.signal.aborted) await begin(parts, source, options.watch !== false);
  const onShutdown = options.onShutdown ?? onAbort;
  const supervisor = toSupervisor(parts, { startedAt, close, onShutdown });
  const measured = (droppedLines: () => number): MetricsOptions => ({
    facts,
    status: () => supervisor.status(),
    memoryOfGroups,
    droppedLines: () => ({ mcpvisor: droppedLines(), servers: parts.logs.droppedLines }),
    now: parts.wallNow,
  });
  return { supervisor, killAllNow: () => registry.killAllNow(), measured, closing: closing.signal };
}

/** From now on servers start, and edits of the file and sleeps of the machine are noticed until `closing` aborts. */
async function begin(parts: Assembly, { file }: ConfigurationSource, isWatched: boolean): Promise<void> {
  const { closing, desired } = parts;
  await desired.begin();
  if (closing.aborted) return;
  if (file !== null && isWatched) watchConfig(file.path, (text) => desired.reload(text), { signal: closing, text: file.text });
  const unwatch = watchSuspension({ ...parts, onResumed: (suspendedForMs) => resume(parts, suspendedForMs) });
  closing.addEventListener('abort', unwatch, { once: true });
}

interface Life {
  readonly startedAt: string;
  readonly close: () => Promise<void>;
  readonly onShutdown: () => void;
}

function toSupervisor(parts: Assembly, { startedAt, close, onShutdown }: Life): Supervisor {
  const { actors, awaitReady, calls, catalog, commands, desired, entryOf, facts, ledger, logs, statusOfServer, waking } = parts;

  const recipients = createRecipients(parts);
  const tree = createTree(parts, { recipients, shutDown: onShutdown, whenEnded: () => reached(parts, ['closed']) });
  const charts = createCharts(actors.charts);

  function status(): Status;
  function status(server: string): ServerStatus;
  function status(server?: string): Status | ServerStatus {
    if (server !== undefined) return statusOfServer(server);
    const servers = [...ledger.entries.keys()].map(statusOfServer);
    const counts = Object.fromEntries(serverStates.map((state) => [state, 0])) as Record<ServerState, number>;
    for (const { state } of servers) counts[state] += 1;
    return { startedAt, version, ...placeOfRoot(parts), counts, clientProcess: null, store: 'memory:', alarms: allAlarms(parts, startedAt, servers), servers };
  }

  return {
    ready: awaitReady,
    readiness: () =>
      readinessNow(
        { servers: parts.livingServers, actorOf: parts.actorOf, statusOf: statusOfServer },
        placeOfRoot(parts).state === 'running' && !parts.closing.aborted,
      ),
    status,
    snapshot: (server) => tree.snapshotOf(`server:${entryOf(server).name}`),
    post: (server, event) => commands.post(server, event),
    send: async (server, event) => await commands.post(server, event).settled,
    postMany: recipients.postMany,
    ...tree,
    ...charts,
    tools: createToolLists(catalog),
    resources: (filter) => catalog.items('resources', filter),
    prompts: (filter) => catalog.items('prompts', filter),
    callTool: calls.callTool,
    callTools: calls.callTools,
    checkCall: createCallChecks(parts),
    answerToolCalls: createToolAnswers({ calls, catalog, nowMs: parts.wallNow }),
    request: calls.request,
    async ensureConnected(servers, { signal } = {}) {
      const entries = servers.map(entryOf);
      await Promise.all(entries.map((entry) => waking.await(entry, signal)));
    },
    add: async (name, entry) => desired.add(name, entry),
    replace: async (name, entry) => desired.replace(name, entry),
    remove: async (name) => desired.remove(name),
    apply: async (config) => desired.apply(config),
    plan: async (config) => desired.plan(config),
    facts: (options) => facts.read(options),
    journal: (query = {}) => selectFacts(facts.kept(query.after), query),
    logs: async (server, { tail = 100 } = {}) => await logs.tail(entryOf(server).name, tail),
    followLogs: (server, options) => logs.follow(entryOf(server).name, options),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What the charts emit becomes settled promises and facts. */
function hearActors({ inspection, commands, facts, ledger, logs, desired, actors }: Assembly): void {
  const hearServer = (server: string, emitted: ServerEmitted) => {
    if (emitted.type === 'command.accepted' || emitted.type === 'command.settled') return commands.hear(server, emitted);
    const { generation } = ledger.get(server) ?? { generation: 0 };
    facts.publish({ actor: `server:${server}`, generation, ...emitted });
  };
  const hearGroup = (group: string, emitted: GroupEmitted) => {
    if (emitted.type === 'command.settled') return commands.hear(emitted.server, emitted);
    if (emitted.type === 'round.opened' || emitted.type === 'round.joined' || emitted.type === 'round.closed')
      return facts.publish({ actor: group, ...emitted });
    const actor = `server:${emitted.server}`;
    if (emitted.type === 'actor.died') {
      facts.publish({ type: 'actor.died', actor, message: emitted.message });
      return commands.abandon(emitted.server, `its actor died: ${emitted.message}`);
    }
    facts.publish({ type: 'server.removed', actor });
    // One that only moves to another group is still wanted.
    if (desired.current.servers.has(emitted.server)) return;
    ledger.drop(emitted.server);
    logs.forget(emitted.server);
  };
  inspection.onActor((actor, name) => {
    if (name.startsWith('server:')) {
      const server = name.slice('server:'.length);
      const specification = ledger.get(server)?.specification;
      if (specification !== undefined)
        facts.publish({ type: 'server.added', actor: name, transport: transportWord(specification), group: specification.group });
      actor.on('*', (emitted) => {
        inspection.catchUp(actor);
        hearServer(server, emitted as ServerEmitted);
      });
    } else if (name.startsWith('group:')) {
      actor.on('*', (emitted) => {
        inspection.catchUp(actor);
        hearGroup(name, emitted as GroupEmitted);
      });
    }
  });
  actors.root.on('group.died', ({ group, message }) => {
    facts.publish({ type: 'actor.died', actor: `group:${group}`, message });
    const servers = [...ledger.entries.values()].filter(({ name, specification }) => specification.group === group && !isHeld(actors.server(name)));
    for (const { name } of servers) commands.abandon(name, `the actor of its group died: ${message}`);
    // Their sessions are being killed; only then may they start again. `gone` does not reject.
    void Promise.all(servers.map(({ name }) => ledger.gone(name))).then(() => desired.restore(group));
  });
}

function transportWord({ transport }: ServerSpecification): string {
  return typeof transport === 'string' ? transport : transport.hosted;
}

function resume({ facts, actors, moments }: Assembly, suspendedForMs: number): void {
  facts.publish({ type: 'machine.resumed', actor: 'supervisor', suspendedForMs: Math.round(suspendedForMs) });
  actors.root.send({ type: 'machine.resumed', ...moments.next() });
}

function placeOfRoot({ actors }: Assembly): Pick<Status, 'state' | 'substate'> {
  const [state = 'unknown', ...below] = pathOf(actors.root.getSnapshot().value).split('.');
  return { state, substate: below.length === 0 ? null : below.join('.') };
}

function allAlarms(parts: Assembly, startedAt: string, servers: readonly ServerStatus[]): Status['alarms'] {
  const groups = [...parts.desired.current.settings.groups.keys()].map((group) => `group:${group}`);
  return [
    ...ownAlarms(parts, startedAt),
    ...groups.flatMap((actor) => parts.alarms.of(actor).map((alarm) => ({ actor, ...alarm }))),
    ...servers.flatMap(({ name, alarms }) => alarms.map((alarm) => ({ actor: `server:${name}`, ...alarm }))),
  ];
}

function ownAlarms({ guard }: Assembly, startedAt: string): Status['alarms'] {
  if (guard.available) return [];
  const reason = 'there is no /bin/sh: a SIGKILL of this process leaves servers running until the next start';
  return [{ actor: 'supervisor', alarm: 'no-guard', since: startedAt, reason, clearedBy: 'a restart on a machine with /bin/sh' }];
}

/** Resolves when the root is in one of these states; it never leaves the last ones. */
function reached(parts: Assembly, states: readonly string[]): Promise<void> {
  if (states.includes(placeOfRoot(parts).state)) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (!states.includes(placeOfRoot(parts).state)) return;
      subscription.unsubscribe();
      resolve();
    };
    const subscription = parts.actors.root.subscribe({ next: look, error: () => resolve() });
  });
}

function refuseWhatIsNotThere({ store = 'memory:', isolation = 'in-process' }: SupervisorOptions): void {
  if (store !== 'memory:') throw new McpvisorError('NOT_AVAILABLE', { what: 'a store other than memory:', instead: 'use store: "memory:".' });
  if (isolation !== 'in-process') throw new McpvisorError('NOT_AVAILABLE', { what: `isolation "${isolation}"`, instead: 'use isolation: "in-process".' });
}
