/** What a server costs while nothing happens, and what many of them cost at once: memory, start, stop, and the event loop between them. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { createSupervisor } from '../../src/index.ts';
import { atMost, type Bench, type Figures } from './bench.ts';
import { startBareClient, toLightServer } from './peers.ts';

const sizes = [100, 1_000];
/** A fifteenth of the default, so that heartbeats weigh in a short bench. */
const heartbeatMs = 1_000;
const steadyMs = 3_000;
const resolutionMs = 5;

export const sessions: Bench = {
  about: 'servers in this process: what each costs on top of a bare SDK client, whose server is the same',
  rounds: 3,
  variants: Object.fromEntries(
    sizes.flatMap((size) => [
      [`bare ${size}`, () => measureClients(size)],
      [`supervised ${size}`, () => measureSupervised(size)],
    ]),
  ),
  judge: (results) =>
    sizes.flatMap((size) => {
      const [variant, bare] = [`supervised ${size}`, `bare ${size}`];
      const ms = (figure: string) => results.median(variant, figure);
      const kB = (of: string) => results.median(of, 'eachKB').toFixed(1);
      const addedKB = results.difference('eachKB', variant, bare);
      const duration = (phase: string, budget: number) => ({
        what: `${size}: ${phase}`,
        measured: `${ms(`${phase}Ms`).toFixed(0)} ms (${ms(`${phase}CpuMs`).toFixed(0)} ms of CPU)`,
        budget: atMost(ms(`${phase}Ms`), budget, ' ms'),
      });
      const lateness = (phase: string) => ({
        what: `${size}: event loop late during ${phase}, p99`,
        measured: `${ms(`${phase}P99Ms`).toFixed(1)} ms (worst ${ms(`${phase}WorstMs`).toFixed(0)} ms)`,
        budget: atMost(ms(`${phase}P99Ms`), 20, ' ms'),
      });
      return [
        {
          what: `${size}: memory each on top of the SDK's client`,
          measured: `${addedKB.toFixed(1)} kB (${kB(variant)} / ${kB(bare)} kB)`,
          budget: atMost(addedKB, 12, ' kB'),
        },
        duration('start', 1_000),
        duration('stop', 1_000),
        ...['start', 'steady', 'stop'].map(lateness),
      ];
    }),
};

async function measureClients(size: number): Promise<Figures> {
  const before = heapBytes();
  const startedAt = performance.now();
  const clients = await Promise.all(Array.from({ length: size }, () => startBareClient(toLightServer())));
  const startMs = performance.now() - startedAt;
  const eachKB = (heapBytes() - before) / size / 1_000;
  await Promise.all(clients.map((client) => client.close()));
  return { startMs, eachKB };
}

async function measureSupervised(size: number): Promise<Figures> {
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
  await setTimeout(steadyMs);
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

/** Watches how late the loop is until the returned function is called. Both wait for a tick, so that a block which begins or ends there counts. */
async function watchLoop(): Promise<() => Promise<{ readonly p99Ms: number; readonly worstMs: number }>> {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  await setTimeout(4 * resolutionMs);
  return async () => {
    await setTimeout(4 * resolutionMs);
    delays.disable();
    const lateMs = (ns: number) => Math.max(0, ns / 1e6 - resolutionMs);
    return { p99Ms: lateMs(delays.percentile(99)), worstMs: lateMs(delays.max) };
  };
}

/** Both clocks: where other programs want the same cores, CPU time says what is ours. */
function watchTime(): () => { readonly wallMs: number; readonly cpuMs: number } {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    return { wallMs: performance.now() - startedAt, cpuMs: (user + system) / 1_000 };
  };
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
