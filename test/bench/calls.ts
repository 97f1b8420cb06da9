/** What a call costs through the embedded supervisor, and through the bare SDK client, to the same server. */

import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { createSupervisor } from '../../src/index.ts';
import { atLeast, atMost, type Bench, type Figures, type Line, medianOf, type Results } from './bench.ts';
import { environment, lightProgram, startBareClient, startHttpServer, toLightServer, toStdio } from './peers.ts';

const loads = [
  { name: '1 at a time, 100 B', atATime: 1, bytes: 100 },
  { name: '32 at a time, 100 B', atATime: 32, bytes: 100 },
  { name: '1 at a time, 100 kB', atATime: 1, bytes: 100_000 },
  { name: '32 at a time, 100 kB', atATime: 32, bytes: 100_000 },
];
const warmUpMs = 300;
const measuredMs = 600;

type CallFill = (bytes: number) => Promise<unknown>;

export const calls: Bench = {
  about: 'a tool call through the embedded supervisor vs the bare SDK client, same server',
  rounds: 5,
  variants: {
    'bare stdio': () => measureBare('stdio'),
    'supervised stdio': () => measureSupervised('stdio'),
    'bare in-memory': () => measureBare('in-memory'),
    'supervised in-memory': () => measureSupervised('in-memory'),
    'bare http json': () => overHttp('json', measureBareHttp),
    'supervised http json': () => overHttp('json', measureSupervisedHttp),
    'bare http events': () => overHttp('events', measureBareHttp),
    'supervised http events': () => overHttp('events', measureSupervisedHttp),
  },
  judge: (results) =>
    ['stdio', 'in-memory', 'http json', 'http events'].flatMap((carrier) =>
      loads.flatMap(({ name }) => judge(results, carrier, name)),
    ),
};

function judge(results: Results, carrier: string, load: string): readonly Line[] {
  const [bare, ours] = [`bare ${carrier}`, `supervised ${carrier}`];
  const [p50, throughput] = [`${load} p50Us`, `${load} perSecond`];
  const latency = results.ratio(p50, ours, bare);
  const rate = results.ratio(throughput, ours, bare);
  const us = (variant: string) => `${results.median(variant, p50).toFixed(1)}`;
  const perSecond = (variant: string) => Math.round(results.median(variant, throughput));
  return [
    {
      what: `${carrier}, ${load}: p50`,
      measured: `${latency.toFixed(2)} × (${us(ours)} / ${us(bare)} µs)`,
      budget: atMost(latency, 1, ' ×'),
    },
    {
      what: `${carrier}, ${load}: throughput`,
      measured: `${rate.toFixed(2)} × (${perSecond(ours)} / ${perSecond(bare)} per s)`,
      budget: atLeast(rate, 1, ' ×'),
    },
  ];
}

async function measureBare(carrier: 'stdio' | 'in-memory'): Promise<Figures> {
  const client = await startBareClient(carrier === 'stdio' ? toStdio(lightProgram) : toLightServer());
  const figures = await measureLoads((bytes) => client.callTool({ name: 'fill', arguments: { bytes } }));
  await client.close();
  return figures;
}

async function measureSupervised(carrier: 'stdio' | 'in-memory'): Promise<Figures> {
  const entry = carrier === 'stdio' ? lightProgram : { transport: 'light' };
  await using supervisor = await createSupervisor({
    env: environment,
    config: { mcpServers: { peer: entry } },
    transports: { light: toLightServer },
  });
  await supervisor.ready();
  return await measureLoads((bytes) => supervisor.callTool('peer', 'fill', { bytes }));
}

/** With a server in a process of its own, whose answers are JSON, or event streams as those of most servers are. */
async function overHttp(kind: string, measure: (url: string) => Promise<Figures>): Promise<Figures> {
  await using server = await startHttpServer(kind);
  return await measure(server.url);
}

async function measureBareHttp(url: string): Promise<Figures> {
  // The SDK's types of an optional session id differ between its own files.
  const client = await startBareClient(new StreamableHTTPClientTransport(new URL(url)) as Transport);
  const figures = await measureLoads((bytes) => client.callTool({ name: 'fill', arguments: { bytes } }));
  await client.close();
  return figures;
}

async function measureSupervisedHttp(url: string): Promise<Figures> {
  await using supervisor = await createSupervisor({ env: environment, config: { mcpServers: { peer: { url } } } });
  await supervisor.ready();
  return await measureLoads((bytes) => supervisor.callTool('peer', 'fill', { bytes }));
}

async function measureLoads(call: CallFill): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const { name, atATime, bytes } of loads) {
    await callFor(warmUpMs, { call, atATime, bytes });
    const { latenciesUs, perSecond } = await callFor(measuredMs, { call, atATime, bytes });
    figures[`${name} p50Us`] = medianOf(latenciesUs);
    figures[`${name} perSecond`] = perSecond;
  }
  return figures;
}

export async function callFor(
  durationMs: number,
  { call, atATime, bytes }: { readonly call: CallFill; readonly atATime: number; readonly bytes: number },
) {
  const latenciesUs: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;
  const callInTurn = async () => {
    let calledAt = performance.now();
    while (calledAt < endsAt) {
      await call(bytes);
      const answeredAt = performance.now();
      latenciesUs.push((answeredAt - calledAt) * 1_000);
      calledAt = answeredAt;
    }
  };
  await Promise.all(Array.from({ length: atATime }, callInTurn));
  return { latenciesUs, perSecond: (latenciesUs.length * 1_000) / (performance.now() - startedAt) };
}
