/**
 * Every metric: its name, type and labels, and what it means. `docs/metrics.md` and the help texts at `/metrics` are
 * generated from this table.
 */

export interface MetricDefinition {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram's buckets, in seconds. */
  readonly buckets?: readonly number[];
}

const callBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const probeBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export const metricDefinitions = {
  mcpvisor_build_info: { type: 'gauge', labels: ['version'], help: 'Always 1; the label says which mcpvisor this is.' },
  mcpvisor_servers: { type: 'gauge', labels: ['state'], help: 'Servers by state; all eight states are always there.' },
  mcpvisor_server_state: {
    type: 'gauge',
    labels: ['server', 'state'],
    help: '1 for the state the server is in; only that one is there.',
  },
  mcpvisor_server_transitions_total: {
    type: 'counter',
    labels: ['from', 'to'],
    help: 'Steps of servers from one of the eight states to another.',
  },
  mcpvisor_server_state_seconds_total: {
    type: 'counter',
    labels: ['server', 'state'],
    help: 'Time the server has spent in each state it was in.',
  },
  mcpvisor_server_failures_total: {
    type: 'counter',
    labels: ['server', 'class'],
    help: 'Failures by class: how sessions or attempts to start one ended.',
  },
  mcpvisor_server_restarts_total: {
    type: 'counter',
    labels: ['server', 'cause'],
    help: 'Starts of a server that had been started before, by the class of the failure in between; "none" when there was none: a command, another configuration, a round of its group, the first call after a sleep.',
  },
  mcpvisor_calls_total: {
    type: 'counter',
    labels: ['server', 'outcome'],
    help: 'Requests that have settled: "ok" for any answer, one with isError too, else the error code.',
  },
  mcpvisor_call_duration_seconds: {
    type: 'histogram',
    labels: ['server', 'outcome'],
    buckets: callBuckets,
    help: 'Time from a request to its settlement, its time in the queue included.',
  },
  mcpvisor_calls_in_flight: { type: 'gauge', labels: ['server'], help: 'Requests sent and not yet answered.' },
  mcpvisor_calls_queued: { type: 'gauge', labels: ['server'], help: 'Requests that wait to be sent.' },
  mcpvisor_probe_duration_seconds: {
    type: 'histogram',
    labels: ['server'],
    buckets: probeBuckets,
    help: 'Round trip of the probes that were answered.',
  },
  mcpvisor_probes_missed_total: {
    type: 'counter',
    labels: ['server', 'counted'],
    help: 'Probes that were not answered in time; counted="false": our own delay, or a suspend, was to blame.',
  },
  mcpvisor_server_memory_bytes: {
    type: 'gauge',
    labels: ['server'],
    help: "Resident memory of the server's process group, read when asked for (Linux only). Pages that its processes share are counted in each.",
  },
  mcpvisor_remote_connections: {
    type: 'gauge',
    labels: ['server'],
    help: 'Open connections to a remote server. There may be `maxConcurrentCalls` + 24: 8 are for notifications alone.',
  },
  mcpvisor_remote_requests_waiting: {
    type: 'gauge',
    labels: ['server'],
    help: 'Requests to a remote server that wait for a connection, because as many are open as there may be.',
  },
  mcpvisor_remote_connections_limit: {
    type: 'gauge',
    labels: [],
    help: 'Connections to all remote servers together, at most: half of the descriptors that this process may have.',
  },
  mcpvisor_held_bytes: {
    type: 'gauge',
    labels: ['server', 'of'],
    help: 'What is held in memory of the words of a server: "messages" that it has begun and not ended, "lists" with what else stays until something happens, and "answers" that callers of the API have not read yet (no server: those of many).',
  },
  mcpvisor_held_bytes_limit: {
    type: 'gauge',
    labels: ['of', 'bound'],
    help: 'What may be held: "server" of each one, an eighth of the heap; "process" of all together, a quarter of it.',
  },
  mcpvisor_alarms: { type: 'gauge', labels: ['actor', 'alarm'], help: '1 for each alarm that is raised now.' },
  mcpvisor_store_degraded: {
    type: 'gauge',
    labels: [],
    help: '1 while the store does not keep what it is given, 0 while it does.',
  },
  mcpvisor_store_queued: {
    type: 'gauge',
    labels: ['of'],
    help: 'What waits to be written to the store: facts, and servers of which something is to be kept.',
  },
  mcpvisor_store_lost_total: {
    type: 'counter',
    labels: ['of'],
    help: 'What was given up: there was no room for it while the store was away, or the store refused it.',
  },
  mcpvisor_store_writes_total: {
    type: 'counter',
    labels: [],
    help: 'Times that what waited was written to the store, in batches.',
  },
  mcpvisor_store_write_seconds_total: {
    type: 'counter',
    labels: [],
    help: 'Time that writing to the store took, failed tries included.',
  },
  mcpvisor_facts_published_total: { type: 'counter', labels: [], help: 'Facts published since the start.' },
  mcpvisor_facts_missed_total: {
    type: 'counter',
    labels: [],
    help: 'Facts that readers were too slow for, over all readers.',
  },
  mcpvisor_log_lines_dropped_total: {
    type: 'counter',
    labels: ['log'],
    help: 'Log lines dropped because their destination was too slow or broken: "mcpvisor" for our own log, "servers" for those of the servers.',
  },
  mcpvisor_event_loop_delay_seconds: {
    type: 'gauge',
    labels: ['quantile'],
    help: 'How late the event loop of this process was since it was last asked: the median, the 99th percentile, and 1 for the worst.',
  },
  mcpvisor_memory_bytes: { type: 'gauge', labels: [], help: 'Resident memory of this process, servers not included.' },
  mcpvisor_uptime_seconds: { type: 'gauge', labels: [], help: 'Time since the supervisor was started.' },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricDefinitions;
