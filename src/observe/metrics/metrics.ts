/** The metrics: counters fed by the facts, and gauges read when they are asked for. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { version } from '../../version.ts';
import type { Facts } from '../facts/facts.ts';
import { countedTypes, createFactCounter } from './counter.ts';
import { createMetricSet, type MetricSet } from './set.ts';

/** The part of a supervisor's status that the metrics read. */
export interface MeasuredStatus {
  /** UTC ISO 8601. */
  readonly startedAt: string;
  /** Number of servers by state, with an entry for every state. */
  readonly counts: Readonly<Record<string, number>>;
  readonly alarms: readonly { readonly actor: string; readonly alarm: string }[];
  readonly servers: readonly MeasuredServer[];
}

export interface MeasuredServer {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly counts: { readonly inFlight: number; readonly queued: number };
}

export interface MetricsOptions {
  readonly facts: Pick<Facts, 'kept' | 'subscribe' | 'lastSeq' | 'missedFacts'>;
  readonly status: () => MeasuredStatus;
  /**
   * Resident memory by process group id, in bytes; groups that cannot be measured are left out. Does not reject.
   */
  readonly memoryOfGroups: (pids: readonly number[]) => Promise<ReadonlyMap<number, number>>;
  /** The connections to remote servers, the requests that wait for one, and how many connections there may be. */
  readonly remoteConnections: () => {
    readonly most: number;
    readonly servers: readonly { readonly server: string; readonly open: number; readonly waiting: number }[];
  };
  /** What is held of the words of servers, and what may be, in bytes. */
  readonly heldBytes: () => readonly {
    readonly of: string;
    readonly limits: { readonly each: number; readonly all: number };
    readonly servers: readonly { readonly server: string; readonly bytes: number }[];
  }[];
  /** The store: whether it keeps what it is given, what waits for it or was given up, and what writing takes. */
  readonly store: () => {
    readonly state: 'ok' | 'degraded';
    readonly queued: { readonly servers: number; readonly facts: number };
    readonly lost: { readonly servers: number; readonly facts: number };
    readonly writes: number;
    readonly seconds: number;
  };
  /** Lines dropped so far: of our own log, and of the servers'. */
  readonly droppedLines: () => { readonly mcpvisor: number; readonly servers: number };
  /** The wall clock in milliseconds. */
  readonly now: () => number;
}

export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  /** May be called twice. */
  close(): void;
}

const resolutionMs = 10;

/** Facts published earlier count, too, as far as they are kept. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { facts, status, now } = options;
  const metrics = createMetricSet();
  const kept = [...facts.kept()];
  const firstSeq = kept[0]?.seq ?? facts.lastSeq + 1;
  const counter = createFactCounter(metrics, now);
  const added = new Set(kept.flatMap(({ type, actor }) => (type === 'server.added' ? [actor] : [])));
  for (const { name, state } of status().servers) {
    // It was added so long ago that its fact is no longer kept.
    if (!added.has(`server:${name}`)) counter.know(name, state);
  }
  for (const fact of kept) counter.count(fact);
  const unsubscribe = facts.subscribe((fact) => counter.count(fact), countedTypes);
  const loopDelay = monitorEventLoopDelay({ resolution: resolutionMs });
  loopDelay.enable();

  async function look(): Promise<void> {
    const current = status();
    counter.bringUpToDate();
    lookAtServers(metrics, current);
    const memory = await options.memoryOfGroups(current.servers.flatMap(({ pid }) => (pid === null ? [] : [pid])));
    metrics.replace(
      'mcpvisor_server_memory_bytes',
      current.servers.flatMap(({ name, pid }) => {
        const bytes = pid === null ? undefined : memory.get(pid);
        return bytes === undefined ? [] : [[{ server: name }, bytes] as const];
      }),
    );
    const { most, servers } = options.remoteConnections();
    metrics.replace('mcpvisor_remote_connections_limit', [[{}, most]]);
    metrics.replace(
      'mcpvisor_remote_connections',
      servers.map(({ server, open }) => [{ server }, open]),
    );
    metrics.replace(
      'mcpvisor_remote_requests_waiting',
      servers.map(({ server, waiting }) => [{ server }, waiting]),
    );
    const held = options.heldBytes();
    metrics.replace(
      'mcpvisor_held_bytes',
      held.flatMap(({ of, servers: holders }) => holders.map(({ server, bytes }) => [{ server, of }, bytes] as const)),
    );
    metrics.replace(
      'mcpvisor_held_bytes_limit',
      held.flatMap(({ of, limits: { each, all } }) => [
        [{ of, bound: 'server' }, each],
        [{ of, bound: 'process' }, all],
      ]),
    );
    lookAtStore(metrics, options.store());
    metrics.replace('mcpvisor_facts_published_total', [[{}, facts.lastSeq - firstSeq + 1]]);
    metrics.replace('mcpvisor_facts_missed_total', [[{}, facts.missedFacts]]);
    metrics.replace(
      'mcpvisor_log_lines_dropped_total',
      Object.entries(options.droppedLines()).map(([log, lines]) => [{ log }, lines]),
    );
    metrics.replace('mcpvisor_build_info', [[{ version }, 1]]);
    metrics.replace('mcpvisor_memory_bytes', [[{}, process.memoryUsage.rss()]]);
    metrics.replace('mcpvisor_uptime_seconds', [[{}, Math.max(0, now() - Date.parse(current.startedAt)) / 1_000]]);
    metrics.replace('mcpvisor_event_loop_delay_seconds', [
      [{ quantile: '0.5' }, delayOf(loopDelay.percentile(50))],
      [{ quantile: '0.99' }, delayOf(loopDelay.percentile(99))],
      [{ quantile: '1' }, delayOf(loopDelay.max)],
    ]);
    loopDelay.reset();
  }

  let asking: Promise<string> | null = null;
  return {
    contentType: metrics.contentType,
    text() {
      // Concurrent requests share one answer: two readings at once would mix.
      asking ??= look()
        .then(() => metrics.text())
        .finally(() => {
          asking = null;
        });
      return asking;
    },
    close() {
      unsubscribe();
      loopDelay.disable();
      metrics.close();
    },
  };
}

function lookAtServers(metrics: MetricSet, { counts, servers, alarms }: MeasuredStatus): void {
  metrics.replace(
    'mcpvisor_servers',
    Object.entries(counts).map(([state, count]) => [{ state }, count]),
  );
  metrics.replace(
    'mcpvisor_server_state',
    servers.map(({ name, state }) => [{ server: name, state }, 1]),
  );
  metrics.replace(
    'mcpvisor_calls_in_flight',
    servers.map(({ name, counts: { inFlight } }) => [{ server: name }, inFlight]),
  );
  metrics.replace(
    'mcpvisor_calls_queued',
    servers.map(({ name, counts: { queued } }) => [{ server: name }, queued]),
  );
  metrics.replace(
    'mcpvisor_alarms',
    alarms.map(({ actor, alarm }) => [{ actor, alarm }, 1]),
  );
}

function lookAtStore(metrics: MetricSet, store: ReturnType<MetricsOptions['store']>): void {
  const { state, queued, lost, writes, seconds } = store;
  metrics.replace('mcpvisor_store_degraded', [[{}, state === 'ok' ? 0 : 1]]);
  metrics.replace('mcpvisor_store_queued', [
    [{ of: 'facts' }, queued.facts],
    [{ of: 'servers' }, queued.servers],
  ]);
  metrics.replace('mcpvisor_store_lost_total', [
    [{ of: 'facts' }, lost.facts],
    [{ of: 'servers' }, lost.servers],
  ]);
  metrics.replace('mcpvisor_store_writes_total', [[{}, writes]]);
  metrics.replace('mcpvisor_store_write_seconds_total', [[{}, seconds]]);
}

/**
 * Node's figure includes the sampling interval itself; before the first sample it is not a number.
 */
function delayOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3);
}
