/** How many servers die at once is the variable `STORM_SERVERS`, which also prints the figures; 60 if it is not set. */

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../support/doors/client.ts';
import { openScene, type RunningDaemon } from '../../support/doors/daemon.ts';
import { isRunning, until } from '../../support/processes.ts';
import { createSkippingClock } from '../../support/skipping-clock.ts';
import { factsSoFar, openStage, untilState } from '../../support/supervised.ts';

const { STORM_SERVERS } = process.env;
const isMeasured = STORM_SERVERS !== undefined;
const servers = Number(STORM_SERVERS ?? 60);
const slots = Math.max(2, availableParallelism());
const slotMs = 5_000;

const light = fileURLToPath(new URL('../../servers/speaks-in-a-shell.sh', import.meta.url));

/** A line of the daemon's log that was made of a step of a server. */
interface Step {
  readonly type: string;
  readonly at: string;
  readonly actor: string;
  readonly from: string;
  readonly to: string;
}

/** Reads the steps of servers from what the daemon has written since the last time. */
function createStepReader(daemon: RunningDaemon): () => readonly Step[] {
  const steps: Step[] = [];
  let read = 0;
  return () => {
    const text = daemon.stdout();
    const end = text.lastIndexOf('\n') + 1;
    const lines = text.slice(read, end).split('\n');
    read = end;
    steps.push(...lines.filter((line) => line.includes('"server.transitioned"')).map((line): Step => JSON.parse(line)));
    return steps;
  };
}

function isArrival({ from, to }: Pick<Step, 'from' | 'to'>): boolean {
  return to.startsWith('connected') && !from.startsWith('connected');
}

/**
 * Of those that were starting at the same time, and had not been for longer than a slot lasts, the highest number.
 * `except`: one that a person started.
 */
function mostStarting(steps: readonly Step[], except: string): number {
  const startedAt = new Map<string, number>();
  let most = 0;
  for (const { actor, at, from, to } of steps) {
    if (actor === except) continue;
    const now = Date.parse(at);
    if (to.startsWith('starting') && !from.startsWith('starting')) startedAt.set(actor, now);
    else if (!to.startsWith('starting')) startedAt.delete(actor);
    most = Math.max(most, [...startedAt.values()].filter((since) => now - since < slotMs).length);
  }
  return most;
}

interface Watch {
  /** Of each answer, in milliseconds. */
  end(): Promise<readonly number[]>;
}

/** Asks whether the daemon lives, again and again. */
function watchHealth(url: string): Watch {
  const client = createClient(url, null);
  const latencies: number[] = [];
  let isOver = false;
  const watch = async () => {
    while (!isOver) {
      const askedAt = performance.now();
      const { status } = await client.get('/healthz');
      latencies.push(performance.now() - askedAt);
      if (status !== 200) throw new Error(`/healthz answered ${status}`);
    }
  };
  const watching = watch();
  watching.catch(() => null);
  return {
    async end() {
      isOver = true;
      await watching;
      return latencies.toSorted((one, other) => one - other);
    },
  };
}

async function pidsOf(daemon: RunningDaemon): Promise<readonly (number | null)[]> {
  const { json } = await daemon.client.get('/api/servers');
  return (json.servers as { readonly pid: number | null }[]).map(({ pid }) => pid);
}

describe(`${servers} servers that are killed at the same moment`, () => {
  it('are all back, a few at a time, while the daemon answers at once and a person is served before them', async () => {
    const scene = openScene();
    const names = Array.from({ length: servers }, (_, index) => `server-${index}`);
    scene.writeConfig(
      Object.fromEntries(names.map((name) => [name, { command: '/bin/sh', args: [light, scene.mark] }])),
    );
    const bootedAt = performance.now();
    const daemon = await scene.up({ args: ['--log-format', 'json', '--log-level', 'debug'] });
    const readSteps = createStepReader(daemon);
    const arrivals = () => readSteps().filter(isArrival).length;
    await until('all are connected', () => arrivals() === servers, 60_000);
    const bootMs = performance.now() - bootedAt;
    const pids = await pidsOf(daemon);
    expect(new Set(pids).size).toBe(servers);

    const health = watchHealth(daemon.url);
    const killedAt = performance.now();
    for (const pid of pids) if (pid !== null) process.kill(pid, 'SIGKILL');
    await until('the first is back', () => arrivals() > servers, 60_000);
    const last = `server-${servers - 1}`;
    const askedAt = performance.now();
    const { status, json } = await daemon.client.post(`/api/servers/${last}/events?wait=30000`, {
      type: 'server.restart',
    });
    const commandMs = performance.now() - askedAt;
    expect({ status, ...json }).toMatchObject({ status: 200, outcome: 'done', server: { state: 'connected' } });
    // Usually 150 ms; and most of the others are still waiting for their turn.
    expect(commandMs).toBeLessThan(2_000);
    expect(arrivals()).toBeLessThan(servers + servers / 2);

    await until(
      'all are back',
      async () =>
        (await pidsOf(daemon)).every((pid) => pid !== null && !pids.includes(pid)) && arrivals() >= 2 * servers,
      120_000,
    );
    const stormMs = performance.now() - killedAt;
    const latencies = await health.end();
    const [middleMs, worstMs] = [latencies[Math.floor(latencies.length / 2)] ?? 0, latencies.at(-1) ?? 0];
    if (isMeasured) console.log({ servers, bootMs, stormMs, commandMs, answers: latencies.length, middleMs, worstMs });

    expect((await pidsOf(daemon)).filter((pid) => pid !== null && isRunning(pid))).toHaveLength(servers);
    expect(mostStarting(readSteps(), `server:${last}`)).toBe(slots);
    // Usually 1 to 10 ms, and 100 ms at worst.
    expect(latencies.length).toBeGreaterThan(20);
    expect(middleMs).toBeLessThan(50);
    expect(worstMs).toBeLessThan(500);
  });
});

describe('servers that never answer', () => {
  it('do not keep the others from starting for longer than their slots last, and a person not at all', async () => {
    const stage = openStage();
    const clock = createSkippingClock();
    const others = ['a', 'b', 'c', 'd', 'e', 'f'];
    const supervisor = await stage.open(
      {
        'silent-1': stage.program('never-answers-initialize'),
        'silent-2': stage.program('never-answers-initialize'),
        ...Object.fromEntries(others.map((name) => [name, { command: '/bin/sh', args: [light, stage.mark] }])),
      },
      {},
      { startConcurrency: 2, clock },
    );
    await Promise.all(
      ['silent-1', 'silent-2'].map((server) => untilState(supervisor, server, 'starting.initializing', { since: 0 })),
    );
    expect(others.map((server) => supervisor.status(server).substate)).toEqual(others.map(() => 'queued'));
    await supervisor.send('f', { type: 'server.start' });
    expect(supervisor.status().counts).toMatchObject({ starting: 2, connected: 1, idle: 5 });
    clock.skip(slotMs);
    await supervisor.ensureConnected(others);
    expect(supervisor.status().counts).toMatchObject({ starting: 2, connected: 6 });
    const arrived = (await factsSoFar(supervisor))
      .filter((fact) => fact.type === 'server.transitioned' && isArrival(fact))
      .map(({ actor }) => actor);
    expect(arrived.toSorted()).toEqual(others.map((server) => `server:${server}`));
  });
});
