/** The library's face over the parts of a supervisor. */

import { selectFacts } from '../observe/facts/journal.ts';
import { version } from '../version.ts';
import { placeOfRoot, reached } from './actors/root.ts';
import type { Assembly } from './assembly.ts';
import { createCallChecks } from './calls/checks.ts';
import { createToolAnswers } from './calls/tool-answers.ts';
import { createToolLists } from './catalog/formats/tool-lists.ts';
import { createRecipients } from './commands/recipients.ts';
import { type ServerState, type ServerStatus, type Status, type Supervisor, serverStates } from './contract.ts';
import { createCharts } from './status/charts.ts';
import { readinessNow } from './status/readiness.ts';
import { createTree } from './tree.ts';

export interface Life {
  readonly startedAt: string;
  readonly close: () => Promise<void>;
  readonly onShutdown: () => void;
}

export function toSupervisor(parts: Assembly, { startedAt, close, onShutdown }: Life): Supervisor {
  const {
    actors,
    awaitReady,
    calls,
    catalog,
    commands,
    desired,
    entryOf,
    facts,
    ledger,
    logs,
    statusOfServer,
    waking,
  } = parts;

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
    return {
      startedAt,
      version,
      ...placeOfRoot(parts),
      counts,
      clientProcess: null,
      store: 'memory:',
      alarms: allAlarms(parts, startedAt, servers),
      servers,
    };
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
    resourceTemplates: (filter) => catalog.items('resourceTemplates', filter),
    prompts: (filter) => catalog.items('prompts', filter),
    instructions: (server) => entryOf(server).peer?.instructions ?? null,
    callTool: calls.callTool,
    callTools: calls.callTools,
    checkCall: createCallChecks(parts),
    answerToolCalls: createToolAnswers({ calls, catalog, nowMs: parts.wallNow }),
    request: calls.request,
    async ensureConnected(servers, options) {
      const entries = servers.map(entryOf);
      await Promise.all(entries.map((entry) => waking.await(entry, options)));
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
  return [
    {
      actor: 'supervisor',
      alarm: 'no-guard',
      since: startedAt,
      reason,
      clearedBy: 'a restart on a machine with /bin/sh',
    },
  ];
}
