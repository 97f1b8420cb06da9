/**
 * All servers in trouble at once: how late the event loop is meanwhile, and how a person's command and a call to a
 * server in good health fare.
 */

import { setTimeout } from 'node:timers/promises';
import { createSupervisor, type Supervisor } from '../../src/index.ts';
import { atMost, type Bench, type Figures, medianOf } from './bench.ts';
import { createLightServer, type LightServer, toLightServer } from './peers.ts';
import { watchLoop, watchTime } from './watch.ts';

const size = 1_000;
/**
 * Short, so that all of them are stable before the storm, and what crashes may start again at once: the hardest case.
 */
const stableAfterMs = 200;
const flapsForMs = 5_000;
/** How long a server lives that flaps. */
const lifeMs = 20;
const backWithinMs = 60_000;

/** What the storm does to the server that has the misfortune to be there, and to those that come after it. */
type Storm = 'crash' | 'hang' | 'flap';

const storm: readonly Storm[] = ['crash', 'hang', 'flap'];
const people = { calm: 'a healthy server restarted by hand', victim: 'one in the storm restarted by hand' };

export const storms: Bench = {
  about: `${size} servers in this process that all crash, all hang, or all flap at once`,
  rounds: 3,
  variants: Object.fromEntries(storm.map((kind) => [kind, () => measure(kind)])),
  judge: (results) =>
    storm.flatMap((kind) => {
      const ms = (figure: string) => results.median(kind, figure);
      return [
        {
          what: `all ${kind}: event loop late, p99`,
          measured: `${ms('p99Ms').toFixed(1)} ms (worst ${ms('worstMs').toFixed(0)} ms)`,
          budget: atMost(ms('p99Ms'), 20, ' ms'),
        },
        ...Object.entries(people).map(([name, what]) => ({
          what: `all ${kind}: ${what}`,
          measured: `${ms(`${name}Ms`).toFixed(0)} ms`,
          budget: null,
        })),
        {
          what: `all ${kind}: call to a healthy server, median`,
          measured: `${ms('callMs').toFixed(1)} ms (worst ${ms('worstCallMs').toFixed(0)} ms)`,
          budget: null,
        },
        {
          what: `all ${kind}: all connected again`,
          measured: `${ms('backMs').toFixed(0)} ms (${ms('cpuMs').toFixed(0)} ms of CPU, ${ms('lives')} lives)`,
          budget: null,
        },
      ];
    }),
};

async function measure(kind: Storm): Promise<Figures> {
  const servers = createStormyServers();
  const entry = { transport: 'stormy', heartbeat: { intervalMs: 1_000, timeoutMs: 300, misses: 1 } };
  const mcpServers = Object.fromEntries(Array.from({ length: size }, (_, index) => [`server-${index}`, entry]));
  // The number of restarts is what is asked for here, not an end of them.
  const mcpvisor = { restart: { stableAfterMs, intensity: 0, maxConsecutive: 0 } };
  await using supervisor = await createSupervisor({
    config: { mcpServers: { ...mcpServers, calm: { transport: 'light' } }, mcpvisor },
    transports: { stormy: servers.create, light: toLightServer },
  });
  await supervisor.ready();
  await setTimeout(2 * stableAfterMs);

  const loop = await watchLoop();
  const took = watchTime();
  servers.begin(kind);
  // Those that hang are still believed to be well: the middle of that storm is when the probes run out.
  if (kind === 'hang') await setTimeout(1_000);
  const calls = callMeanwhile(supervisor);
  const [calmMs, victimMs] = await Promise.all([
    restart(supervisor, 'calm'),
    restart(supervisor, `server-${size - 1}`),
  ]);
  if (kind === 'flap') await setTimeout(flapsForMs - took().wallMs);
  servers.end();
  await whenBack(supervisor, servers);
  const { wallMs, cpuMs } = took();
  const callsMs = await calls.end();
  const { p99Ms, worstMs } = await loop();
  const lives = servers.lives() - size;
  return {
    p99Ms,
    worstMs,
    calmMs,
    victimMs,
    callMs: medianOf(callsMs),
    worstCallMs: Math.max(...callsMs),
    backMs: wallMs,
    cpuMs,
    lives,
  };
}

function createStormyServers() {
  const living: LightServer[] = [];
  let flaps = false;
  let lives = 0;
  const create = () => {
    lives += 1;
    const server = createLightServer(() => {
      if (flaps) void setTimeout(lifeMs).then(server.crash);
    });
    living.push(server);
    return server.transport;
  };
  return {
    create,
    lives: () => lives,
    /** All in one turn of the event loop: no storm can be more sudden. */
    begin(kind: Storm) {
      flaps = kind === 'flap';
      for (const server of living.splice(0)) {
        if (kind === 'hang') server.hang();
        else server.crash();
      }
    },
    end() {
      flaps = false;
    },
  };
}

async function restart(supervisor: Supervisor, server: string): Promise<number> {
  const startedAt = performance.now();
  await supervisor.send(server, { type: 'server.restart' });
  return performance.now() - startedAt;
}

/**
 * Calls the healthy server every now and then; while it is being restarted, a call waits or is refused, which is not
 * what is asked here.
 */
function callMeanwhile(supervisor: Supervisor): { end(): Promise<readonly number[]> } {
  const callsMs: number[] = [];
  let isOver = false;
  const calling = (async () => {
    while (!isOver) {
      await setTimeout(20);
      const startedAt = performance.now();
      const [outcome] = await supervisor.callTools([{ server: 'calm', tool: 'fill', arguments: { bytes: 100 } }]);
      if (outcome?.status === 'ok') callsMs.push(performance.now() - startedAt);
    }
  })();
  return {
    async end() {
      isOver = true;
      await calling;
      return callsMs;
    },
  };
}

/** Every server has had a life after the one the storm took, and is at rest. */
async function whenBack(supervisor: Supervisor, servers: { lives(): number }): Promise<void> {
  const until = performance.now() + backWithinMs;
  while (servers.lives() < 2 * size && performance.now() < until) await setTimeout(10);
  const { settled, notReady } = await supervisor.ready({ timeoutMs: Math.max(1, until - performance.now()) });
  if (!settled || notReady.length > 0) throw new Error(`${notReady.length} servers are not back`);
}
