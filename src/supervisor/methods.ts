/** The public methods of a supervisor, each handed on to the part that does the work. */

import type { ConfigurationInput, ServerEntry as ConfiguredEntry } from '../config/settings/input.ts';
import type { Facts } from '../observe/facts/facts.ts';
import type { ServerLogs } from '../observe/server-logs/server-logs.ts';
import type { Calls } from './calls/calls.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { Commands } from './commands/commands.ts';
import type { Recipients } from './commands/recipients.ts';
import type { ReadyNow, ServerStatus, Status, Supervisor } from './contract.ts';
import type { Desired } from './desired/desired.ts';
import type { ServerEntry } from './ledger.ts';
import type { Journal } from './memory/journal.ts';
import type { Charts } from './status/charts.ts';
import type { AwaitReady } from './status/readiness.ts';
import type { Tree } from './tree.ts';

/** All methods of a supervisor except `close`, which `openSupervisor` adds. */
export type SupervisorMethods = Omit<Supervisor, 'close' | typeof Symbol.asyncDispose>;

export interface MethodParts {
  readonly answerToolCalls: Supervisor['answerToolCalls'];
  readonly awaitReady: AwaitReady;
  readonly calls: Calls;
  readonly catalog: Catalog;
  readonly charts: Charts;
  readonly checkCall: Supervisor['checkCall'];
  readonly commands: Commands;
  readonly desired: Desired;
  readonly ensureConnected: Supervisor['ensureConnected'];
  /** Throws `SERVER_NOT_FOUND`. */
  readonly entryOf: (server: string) => ServerEntry;
  readonly facts: Facts;
  readonly journal: Journal;
  readonly logs: ServerLogs;
  readonly overview: () => Status;
  readonly readiness: () => Omit<ReadyNow, 'heldBy'>;
  readonly storeHolder: Supervisor['storeHolder'];
  readonly recipients: Recipients;
  readonly send: Supervisor['send'];
  readonly statusOf: (server: string) => ServerStatus;
  readonly tools: Supervisor['tools'];
  readonly tree: Tree;
}

export function toMethods(parts: MethodParts): SupervisorMethods {
  const { calls, catalog, commands, desired, entryOf, facts, logs, tree } = parts;

  function status(): Status;
  function status(server: string): ServerStatus;
  function status(server?: string): Status | ServerStatus {
    return server === undefined ? parts.overview() : parts.statusOf(server);
  }

  return {
    ready: parts.awaitReady,
    readiness: () => ({ ...parts.readiness(), heldBy: parts.storeHolder() }),
    storeHolder: parts.storeHolder,
    status,
    snapshot: (server) => tree.snapshotOf(`server:${entryOf(server).name}`),
    post: (server, event) => commands.post(server, event),
    send: parts.send,
    postMany: parts.recipients.postMany,
    ...tree,
    ...parts.charts,
    tools: parts.tools,
    resources: (filter) => catalog.items('resources', filter),
    resourceTemplates: (filter) => catalog.items('resourceTemplates', filter),
    prompts: (filter) => catalog.items('prompts', filter),
    instructions: (server) => entryOf(server).reported.peer?.instructions ?? null,
    callTool: calls.callTool,
    callTools: calls.callTools,
    checkCall: parts.checkCall,
    answerToolCalls: parts.answerToolCalls,
    request: calls.request,
    ensureConnected: parts.ensureConnected,
    add: (name, entry, options) => desired.add(name, entry, options),
    addAll: (fragment, options) => desired.addAll(fragment, options),
    rollback: (version, options) => desired.rollback(version, options),
    replace: (name, entry, options) => desired.replace(name, entry, options),
    update: (name, patch, options) => desired.update(name, patch, options),
    config: () => desired.config() as ConfigurationInput,
    entry: (name) => desired.entry(name) as ConfiguredEntry,
    remove: (names, options) => desired.remove(names, options),
    apply: (config, options) => desired.apply(config, options),
    plan: async (config, options) => desired.plan(config, options),
    configVersion: desired.version,
    versions: (query = {}) => desired.versions(query),
    facts: (options) => facts.read(options),
    journal: async (query = {}) => await parts.journal.read(query),
    logs: async (server, { tail = 100 } = {}) => await logs.tail(entryOf(server).name, tail),
    followLogs: (server, options) => logs.follow(entryOf(server).name, options),
  };
}
