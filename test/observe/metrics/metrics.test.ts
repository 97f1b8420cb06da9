import { describe, expect, it, onTestFinished } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import type { FactBody } from '../../../src/observe/facts/fact.ts';
import { createFacts } from '../../../src/observe/facts/facts.ts';
import { metricDefinitions } from '../../../src/observe/metrics/definitions.ts';
import { createMetrics, type MeasuredServer, type MeasuredStatus } from '../../../src/observe/metrics/metrics.ts';

const startMs = Date.UTC(2026, 0, 31, 12);
const states = ['idle', 'starting', 'connected', 'heartbeat-timeout', 'backoff', 'stopping', 'failed', 'needs-auth'];

function open(before: (tell: (...bodies: readonly FactBody[]) => void) => void = () => {}) {
  let nowMs = startMs;
  let servers: readonly MeasuredServer[] = [];
  let alarms: MeasuredStatus['alarms'] = [];
  const now = () => nowMs;
  const facts = createFacts({ firstSeq: 1, capacity: 50, now });
  const tell = (...bodies: readonly FactBody[]) => {
    for (const body of bodies) facts.publish(body);
  };
  before(tell);
  const metrics = createMetrics({
    facts,
    now,
    status: () => ({
      startedAt: new Date(startMs).toISOString(),
      counts: Object.fromEntries(
        states.map((state) => [state, servers.filter((server) => server.state === state).length]),
      ),
      alarms,
      servers,
    }),
    remoteConnections: () => ({ most: 512, servers: [{ server: 'far', open: 3, waiting: 1 }] }),
    heldBytes: () => [
      { of: 'messages', limits: { each: 10, all: 20 }, servers: [{ server: 'far', bytes: 7 }] },
      { of: 'lists', limits: { each: 30, all: 40 }, servers: [] },
    ],
    memoryOfGroups: async (pids) => new Map(pids.map((pid) => [pid, pid * 1_000])),
    store: () => ({
      state: 'degraded',
      queued: { servers: 3, facts: 500 },
      lost: { servers: 1, facts: 20 },
      writes: 40,
      seconds: 0.5,
    }),
    droppedLines: () => ({ mcpvisor: 2, servers: 7 }),
  });
  onTestFinished(() => metrics.close());
  return {
    facts,
    tell,
    metrics,
    pass(ms: number) {
      nowMs += ms;
    },
    show: (shown: readonly MeasuredServer[], raised: MeasuredStatus['alarms'] = []) => {
      servers = shown;
      alarms = raised;
    },
    /** The series whose names begin like this, each with its value. */
    async series(name: string): Promise<Readonly<Record<string, number>>> {
      const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith(name));
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
      );
    },
  };
}

const files = { actor: 'server:files' } as const;
const added: FactBody = { ...files, type: 'server.added', transport: 'stdio', group: 'default' };
const step = (from: string, to: string, reason: string | null = null): FactBody => ({
  ...files,
  type: 'server.transitioned',
  from,
  to,
  event: 'any',
  reason,
  edges: [],
});
const settled = (outcome: string, durationMs: number): FactBody => ({
  ...files,
  type: 'call.settled',
  callId: 1,
  method: 'tools/call',
  tool: 'read',
  outcome,
  durationMs,
});
const server = (more: Partial<MeasuredServer> = {}): MeasuredServer => ({
  name: 'files',
  state: 'connected',
  pid: 40,
  counts: { inFlight: 3, queued: 1 },
  ...more,
});

describe('the metrics', () => {
  it('are told with their type and meaning, all of them, and every state has a number', async () => {
    const { metrics, series } = open();
    const text = await metrics.text();
    for (const [name, { type, help }] of Object.entries(metricDefinitions)) {
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    }
    expect(metrics.contentType).toContain('text/plain; version=0.0.4');
    expect(await series('mcpvisor_servers{')).toEqual(
      Object.fromEntries(states.map((state) => [`mcpvisor_servers{state="${state}"}`, 0])),
    );
  });

  it('say how things are when they are asked for', async () => {
    const { show, series } = open();
    show(
      [server(), server({ name: 'notes', state: 'backoff', pid: null, counts: { inFlight: 0, queued: 0 } })],
      [{ actor: 'server:notes', alarm: 'flapping' }],
    );
    expect(await series('mcpvisor_servers{state="connected"')).toEqual({ 'mcpvisor_servers{state="connected"}': 1 });
    expect(await series('mcpvisor_server_state{')).toEqual({
      'mcpvisor_server_state{server="files",state="connected"}': 1,
      'mcpvisor_server_state{server="notes",state="backoff"}': 1,
    });
    expect(await series('mcpvisor_calls_in_flight{server="files"')).toEqual({
      'mcpvisor_calls_in_flight{server="files"}': 3,
    });
    expect(await series('mcpvisor_calls_queued{server="files"')).toEqual({
      'mcpvisor_calls_queued{server="files"}': 1,
    });
    expect(await series('mcpvisor_server_memory_bytes')).toEqual({
      'mcpvisor_server_memory_bytes{server="files"}': 40_000,
    });
    expect(await series('mcpvisor_alarms')).toEqual({ 'mcpvisor_alarms{actor="server:notes",alarm="flapping"}': 1 });
    expect(await series('mcpvisor_log_lines_dropped_total')).toEqual({
      'mcpvisor_log_lines_dropped_total{log="mcpvisor"}': 2,
      'mcpvisor_log_lines_dropped_total{log="servers"}': 7,
    });
    show([server({ state: 'failed', pid: null })]);
    expect(await series('mcpvisor_server_state{')).toEqual({
      'mcpvisor_server_state{server="files",state="failed"}': 1,
    });
    expect(await series('mcpvisor_server_memory_bytes')).toEqual({});
    expect(await series('mcpvisor_alarms')).toEqual({});
  });

  it('say how many connections remote servers have, how many requests wait for one, and how many there may be', async () => {
    const { series } = open();
    expect(await series('mcpvisor_remote_')).toEqual({
      'mcpvisor_remote_connections{server="far"}': 3,
      'mcpvisor_remote_requests_waiting{server="far"}': 1,
      mcpvisor_remote_connections_limit: 512,
    });
  });

  it('count steps, the time in each state, failures, and restarts by their cause', async () => {
    const { tell, pass, series } = open();
    tell(added, step('idle.resting', 'starting.spawning'));
    pass(250);
    tell(step('starting.spawning', 'starting.listing'), step('starting.listing', 'connected.quiet'));
    pass(10_000);
    tell(
      { ...files, type: 'server.failed', failure: failure('exited', 'gone') },
      step('connected.quiet', 'backoff.delaying'),
    );
    pass(500);
    tell(
      step('backoff.delaying', 'starting.spawning'),
      step('starting.spawning', 'connected.quiet'),
      step('connected.quiet', 'stopping.closing'),
    );
    tell(step('stopping.closing', 'starting.spawning'));
    pass(1_000);
    expect(await series('mcpvisor_server_state_seconds_total')).toEqual({
      'mcpvisor_server_state_seconds_total{server="files",state="idle"}': 0,
      'mcpvisor_server_state_seconds_total{server="files",state="starting"}': 1.25,
      'mcpvisor_server_state_seconds_total{server="files",state="connected"}': 10,
      'mcpvisor_server_state_seconds_total{server="files",state="backoff"}': 0.5,
      'mcpvisor_server_state_seconds_total{server="files",state="stopping"}': 0,
    });
    expect(await series('mcpvisor_server_transitions_total{from="starting"')).toEqual({
      'mcpvisor_server_transitions_total{from="starting",to="connected"}': 2,
    });
    expect(await series('mcpvisor_server_failures_total')).toEqual({
      'mcpvisor_server_failures_total{server="files",class="exited"}': 1,
    });
    expect(await series('mcpvisor_server_restarts_total')).toEqual({
      'mcpvisor_server_restarts_total{server="files",cause="exited"}': 1,
      'mcpvisor_server_restarts_total{server="files",cause="none"}': 1,
    });
  });

  it('count calls and probes, and how long they take', async () => {
    const { tell, series } = open();
    tell(added, settled('ok', 3), settled('ok', 40), settled('CALL_TIMED_OUT', 60_000));
    tell(
      { ...files, type: 'probe.answered', kind: 'ping', latencyMs: 2 },
      { ...files, type: 'probe.missed', misses: 1, counted: true },
    );
    expect(await series('mcpvisor_calls_total')).toEqual({
      'mcpvisor_calls_total{server="files",outcome="ok"}': 2,
      'mcpvisor_calls_total{server="files",outcome="CALL_TIMED_OUT"}': 1,
    });
    const durations = await series('mcpvisor_call_duration_seconds');
    expect(durations['mcpvisor_call_duration_seconds_bucket{le="0.005",server="files",outcome="ok"}']).toBe(1);
    expect(durations['mcpvisor_call_duration_seconds_sum{server="files",outcome="ok"}']).toBeCloseTo(0.043);
    expect(await series('mcpvisor_probe_duration_seconds_count')).toEqual({
      'mcpvisor_probe_duration_seconds_count{server="files"}': 1,
    });
    expect(await series('mcpvisor_probes_missed_total')).toEqual({
      'mcpvisor_probes_missed_total{server="files",counted="true"}': 1,
    });
  });

  it('count what happened before they were made, as far as it is kept', async () => {
    const { show, series, facts } = open((tell) => tell(added, step('idle', 'starting'), settled('ok', 1)));
    show([server({ state: 'starting' })]);
    expect(await series('mcpvisor_calls_total')).toEqual({ 'mcpvisor_calls_total{server="files",outcome="ok"}': 1 });
    expect(await series('mcpvisor_facts_published_total')).toEqual({ mcpvisor_facts_published_total: facts.lastSeq });
  });

  it('know nothing of a server that was removed, whatever is told of it afterwards', async () => {
    const { tell, metrics } = open();
    tell(added, step('idle', 'starting'), settled('ok', 1), {
      ...files,
      type: 'probe.answered',
      kind: 'ping',
      latencyMs: 2,
    });
    expect(await metrics.text()).toContain('server="files"');
    tell({ ...files, type: 'server.removed' }, settled('ok', 1), step('stopping', 'idle'));
    expect(await metrics.text()).not.toContain('server="files"');
    tell(added, settled('ok', 1));
    expect(await metrics.text()).toContain('mcpvisor_calls_total{server="files",outcome="ok"} 1\n');
  });

  it('say how late the event loop was since they were last asked', async () => {
    const { series } = open();
    await series('');
    await new Promise((resolve) => setTimeout(resolve, 30));
    const endMs = performance.now() + 120;
    while (performance.now() < endMs);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const worst = await series('mcpvisor_event_loop_delay_seconds{quantile="1"');
    expect(worst['mcpvisor_event_loop_delay_seconds{quantile="1"}']).toBeGreaterThan(0.08);
    expect(await series('mcpvisor_event_loop_delay_seconds')).toMatchObject({
      'mcpvisor_event_loop_delay_seconds{quantile="0.5"}': expect.any(Number),
    });
  });

  it('are the same for all who ask at the same time, and nothing after the close', async () => {
    const { metrics } = open();
    const [one, other] = await Promise.all([metrics.text(), metrics.text()]);
    expect(one).toBe(other);
    metrics.close();
    metrics.close();
  });
});
