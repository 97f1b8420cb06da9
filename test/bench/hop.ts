/** What the hop to the client process adds to a call, against the bare minimum, and against other ways to do it. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSupervisor } from '../../src/index.ts';
import { atMost, type Bench, type Figures, type Line, medianOf, p99Of, type Results } from './bench.ts';
import { callFor } from './calls.ts';
import { ways } from './hop-ends.ts';
import { environment, lightProgram } from './peers.ts';

const loads = [
  { name: '1 at a time', atATime: 1 },
  { name: '64 at a time', atATime: 64 },
];
const warmUpMs = 500;
const measuredMs = 800;

export const hop: Bench = {
  about: 'a call to another process over a Unix socket; a tool call through the client process vs in this process',
  rounds: 7,
  variants: {
    bare: () => measureWay('bare'),
    'content-length': () => measureWay('content-length'),
    birpc: () => measureWay('birpc'),
    ours: () => measureWay('ours'),
    'in-process': () => measureTool('in-process'),
    'client process': () => measureTool('process'),
  },
  judge: (results) => [
    ...['ours', 'content-length', 'birpc'].flatMap((way) =>
      loads.flatMap(({ name }) => compare(results, { variant: way, to: 'bare', load: name })),
    ),
    ...loads.flatMap(({ name }) => compare(results, { variant: 'client process', to: 'in-process', load: name })),
    ...loads.map(({ name }) => addedBy(results, name)),
  ],
};

interface Comparison {
  readonly variant: string;
  readonly to: string;
  readonly load: string;
}

function compare(results: Results, { variant, to, load }: Comparison): readonly Line[] {
  return ['p50Us', 'p99Us', 'perSecond'].map((figure) => {
    const key = `${load} ${figure}`;
    const ratio = results.ratio(key, variant, to);
    const [mine, other] = [variant, to].map((name) =>
      results.median(name, key).toFixed(figure === 'perSecond' ? 0 : 1),
    );
    return {
      what: `${variant} vs ${to}, ${load}: ${figure}`,
      measured: `${ratio.toFixed(2)} × (${mine} / ${other})`,
      // What one call takes longer is what the hop adds; the rest is told for comparison.
      budget: variant === 'ours' && figure === 'p50Us' && load === '1 at a time' ? atMost(ratio, 1.3, ' ×') : null,
    };
  });
}

/** Both ends of the hop with everything in them, against the bare echo. */
function addedBy(results: Results, load: string): Line {
  const key = `${load} p50Us`;
  const added = results.difference(key, 'client process', 'in-process');
  const echo = results.median('bare', key);
  return {
    what: `added to a tool call by the client process, ${load}: p50`,
    measured: `${added.toFixed(1)} µs, ${(added / echo).toFixed(2)} × the bare echo`,
    budget: load === '1 at a time' ? atMost(added / echo, 1.3, ' ×') : null,
  };
}

async function measureWay(name: string): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'hop-'));
  const path = join(folder, 'socket');
  const peer = fork(fileURLToPath(new URL('./hop-peer.ts', import.meta.url)), [name, path]);
  await once(peer, 'message');
  const socket = connect(path);
  await once(socket, 'connect');
  const call = ways.get(name)?.connect(socket);
  if (call === undefined) throw new Error(`there is no way "${name}"`);
  const figures = await measureLoads(call);
  const exited = once(peer, 'exit');
  socket.destroy();
  peer.disconnect();
  await exited;
  await rm(folder, { recursive: true });
  return figures;
}

async function measureTool(isolation: 'process' | 'in-process'): Promise<Figures> {
  const stateDir = await mkdtemp(join(tmpdir(), 'hop-'));
  const figures = await withSupervisor(isolation, stateDir);
  await rm(stateDir, { recursive: true });
  return figures;
}

async function withSupervisor(isolation: 'process' | 'in-process', stateDir: string): Promise<Figures> {
  await using supervisor = await createSupervisor({
    env: environment,
    isolation,
    stateDir,
    config: { mcpServers: { peer: lightProgram } },
  });
  await supervisor.ready();
  return await measureLoads(() => supervisor.callTool('peer', 'fill', { bytes: 280 }));
}

async function measureLoads(call: () => Promise<unknown>): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const { name, atATime } of loads) {
    await callFor(warmUpMs, { call, atATime, bytes: 0 });
    const { latenciesUs, perSecond } = await callFor(measuredMs, { call, atATime, bytes: 0 });
    figures[`${name} p50Us`] = medianOf(latenciesUs);
    figures[`${name} p99Us`] = p99Of(latenciesUs);
    figures[`${name} perSecond`] = perSecond;
  }
  return figures;
}
