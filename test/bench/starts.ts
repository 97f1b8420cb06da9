/**
 * How long it takes until many servers are ready, and until the first one is: through the supervisor, and in the loop
 * one would write without it.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSupervisor } from '../../src/index.ts';
import { atMost, type Bench, type Figures } from './bench.ts';
import { environment, lightProgram, startBareClient, toStdio } from './peers.ts';

const servers = 50;
const slots = Math.max(2, availableParallelism());

export const starts: Bench = {
  about: `${servers} stdio servers from nothing to ready, ${slots} at a time, vs a bare loop (spawn, initialize, tools/list)`,
  rounds: 5,
  variants: {
    'bare loop': measureLoop,
    supervised: () => measureSupervised(null),
    'supervised, recorded': measureRecorded,
  },
  judge: (results) =>
    ['supervised', 'supervised, recorded'].flatMap((variant) => {
      const all = results.ratio('allMs', variant, 'bare loop');
      const first = results.median(variant, 'firstMs') / results.median('bare loop', 'firstMs');
      return [
        {
          what: `${variant}: all ready`,
          measured: inMs(all, results.median(variant, 'allMs'), results.median('bare loop', 'allMs')),
          budget: atMost(all, 1.1, ' ×'),
        },
        {
          what: `${variant}: first ready vs a single start`,
          measured: inMs(first, results.median(variant, 'firstMs'), results.median('bare loop', 'firstMs')),
          budget: atMost(first, 1.5, ' ×'),
        },
      ];
    }),
};

function inMs(ratio: number, ours: number, bare: number): string {
  return `${ratio.toFixed(2)} × (${ours.toFixed(0)} / ${bare.toFixed(0)} ms)`;
}

/** `firstMs` is that of a start of its own, with nothing beside it. */
async function measureLoop(): Promise<Figures> {
  const startedAt = performance.now();
  const first = await startBareClient(toStdio(lightProgram));
  const firstMs = performance.now() - startedAt;
  await first.close();

  const loopStartedAt = performance.now();
  let left = servers;
  const clients: { close(): Promise<void> }[] = [];
  const startInTurn = async () => {
    while (left > 0) {
      left -= 1;
      clients.push(await startBareClient(toStdio(lightProgram)));
    }
  };
  await Promise.all(Array.from({ length: slots }, startInTurn));
  const allMs = performance.now() - loopStartedAt;
  await Promise.all(clients.map((client) => client.close()));
  return { firstMs, allMs };
}

async function measureSupervised(stateDir: string | null): Promise<Figures> {
  const mcpServers = Object.fromEntries(
    Array.from({ length: servers }, (_, index) => [`server-${index}`, lightProgram]),
  );
  const startedAt = performance.now();
  await using supervisor = await createSupervisor({
    env: environment,
    config: { mcpServers },
    ...(stateDir !== null && { stateDir }),
  });
  const firstMs = whenFirstOpened(supervisor.facts({ since: 0 })).then(() => performance.now() - startedAt);
  const { settled, notReady } = await supervisor.ready();
  const allMs = performance.now() - startedAt;
  if (!settled || notReady.length > 0) throw new Error(`${notReady.length} servers are not ready`);
  return { firstMs: await firstMs, allMs };
}

async function whenFirstOpened(facts: AsyncIterable<{ readonly type: string; readonly to?: unknown }>): Promise<void> {
  for await (const fact of facts)
    if (fact.type === 'server.transitioned' && String(fact.to).startsWith('connected')) return;
}

/** With a state directory each process is on durable record before its server counts as ready. */
async function measureRecorded(): Promise<Figures> {
  const stateDir = await mkdtemp(join(tmpdir(), 'mcpvisor-bench-'));
  try {
    return await measureSupervised(stateDir);
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}
