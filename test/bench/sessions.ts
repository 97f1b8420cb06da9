/**
 * What a server costs while nothing happens, and what many of them cost at once: memory, start, stop, and the event
 * loop between them.
 */

import { setTimeout } from 'node:timers/promises';
import { createSupervisor } from '../../src/index.ts';
import { atMost, type Bench, type Figures, type Line, type Results } from './bench.ts';
import { startBareClient, toLightServer } from './peers.ts';
import { heapBytes, watchLoop, watchTime } from './watch.ts';

const steadyMs = 3_000;
const phases = ['start', 'steady', 'stop'];

/** Heartbeats come fifteen times as often as by default, so that they weigh in a short bench. */
export const sessions: Bench = {
  about: 'servers in this process: what each costs on top of a bare SDK client, whose server is the same',
  rounds: 3,
  variants: variantsFor([100, 1_000], 1_000),
  judge: (results) => [100, 1_000].flatMap((size) => judge(results, size, 1_000)),
};

/** Heartbeats as often as by default: were they more frequent, they would be all there is to see. */
export const manySessions: Bench = {
  about: '10 000 servers in this process: what each costs against 1 000',
  rounds: 3,
  isOnDemand: true,
  variants: variantsFor([1_000, 10_000], 15_000),
  judge: (results) => [
    growth('memory each on top of the SDK client', 'kB', (size) =>
      results.difference('eachKB', `supervised ${size}`, `bare ${size}`),
    ),
    ...phases.map((phase) =>
      growth(
        `${phase}, CPU each`,
        'ms',
        (size) => results.median(`supervised ${size}`, `${phase}CpuMs`) / size,
        results.ratio(`${phase}CpuMs`, ...ofBoth) / 10,
      ),
    ),
    growth('bare client, start each', 'ms', (size) => results.median(`bare ${size}`, 'startMs') / size, null),
    ...judge(results, 10_000, 10_000),
  ],
};

const ofBoth = ['supervised 10000', 'supervised 1000'] as const;

function variantsFor(sizes: readonly number[], heartbeatMs: number): Bench['variants'] {
  return Object.fromEntries(
    sizes.flatMap((size) => [
      [`bare ${size}`, () => measureClients(size)],
      [`supervised ${size}`, () => measureSupervised(size, heartbeatMs)],
    ]),
  );
}

/** `times` is null where it is told for comparison only; by default it is the quotient of the two. */
function growth(
  what: string,
  unit: string,
  each: (size: number) => number,
  times: number | null = each(10_000) / each(1_000),
): Line {
  const measured = (each(10_000) / each(1_000)).toFixed(2);
  return {
    what: `10000 vs 1000: ${what}`,
    measured: `${(times ?? Number(measured)).toFixed(2)} × (${each(10_000).toFixed(3)} / ${each(1_000).toFixed(3)} ${unit})`,
    budget: times === null ? null : atMost(times, 1.5, ' ×'),
  };
}

function judge(results: Results, size: number, durationBudgetMs: number): readonly Line[] {
  const [variant, bare] = [`supervised ${size}`, `bare ${size}`];
  const ms = (figure: string) => results.median(variant, figure);
  const kB = (of: string) => results.median(of, 'eachKB').toFixed(1);
  const addedKB = results.difference('eachKB', variant, bare);
  const duration = (phase: string) => ({
    what: `${size}: ${phase}`,
    measured: `${ms(`${phase}Ms`).toFixed(0)} ms (${ms(`${phase}CpuMs`).toFixed(0)} ms of CPU)`,
    budget: atMost(ms(`${phase}Ms`), durationBudgetMs, ' ms'),
  });
  const lateness = (phase: string) => ({
    what: `${size}: event loop late during ${phase}, p99`,
    measured: `${ms(`${phase}P99Ms`).toFixed(1)} ms (worst ${ms(`${phase}WorstMs`).toFixed(0)} ms)`,
    budget: size > 1_000 ? null : atMost(ms(`${phase}P99Ms`), 20, ' ms'),
  });
  return [
    {
      what: `${size}: memory each on top of the SDK's client`,
      measured: `${addedKB.toFixed(1)} kB (${kB(variant)} / ${kB(bare)} kB)`,
      budget: atMost(addedKB, 12, ' kB'),
    },
    duration('start'),
    duration('stop'),
    ...phases.map(lateness),
  ];
}

async function measureClients(size: number): Promise<Figures> {
  const before = heapBytes();
  const startedAt = performance.now();
  const clients = await Promise.all(Array.from({ length: size }, () => startBareClient(toLightServer())));
  const startMs = performance.now() - startedAt;
  const eachKB = (heapBytes() - before) / size / 1_000;
  await Promise.all(clients.map((client) => client.close()));
  return { startMs, eachKB };
}

async function measureSupervised(size: number, heartbeatMs: number): Promise<Figures> {
  const entry = { transport: 'light', heartbeat: { intervalMs: heartbeatMs } };
  const mcpServers = Object.fromEntries(Array.from({ length: size }, (_, index) => [`server-${index}`, entry]));
  const config = { mcpServers };
  const before = heapBytes();

  const start = await watchLoop();
  const startTook = watchTime();
  const supervisor = await createSupervisor({ config, transports: { light: toLightServer } });
  const { notReady } = await supervisor.ready();
  const starting = startTook();
  if (notReady.length > 0) throw new Error(`${notReady.length} servers are not ready`);
  const started = await start();
  const eachKB = (heapBytes() - before) / size / 1_000;

  const steady = await watchLoop();
  const stoodFor = watchTime();
  await setTimeout(steadyMs);
  const standing = stoodFor();
  const stood = await steady();

  const stop = await watchLoop();
  const stopTook = watchTime();
  await supervisor.close();
  const stopping = stopTook();
  const stopped = await stop();
  return {
    eachKB,
    startMs: starting.wallMs,
    startCpuMs: starting.cpuMs,
    steadyCpuMs: standing.cpuMs,
    stopMs: stopping.wallMs,
    stopCpuMs: stopping.cpuMs,
    startP99Ms: started.p99Ms,
    steadyP99Ms: stood.p99Ms,
    stopP99Ms: stopped.p99Ms,
    startWorstMs: started.worstMs,
    steadyWorstMs: stood.worstMs,
    stopWorstMs: stopped.worstMs,
  };
}
