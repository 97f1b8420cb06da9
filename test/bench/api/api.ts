/**
 * What the control API costs: reads, calls and readers of facts, against a bare Hono app, under load from a second
 * process.
 */

import { setTimeout } from 'node:timers/promises';
import { type Bench, type Figures, medianOf } from '../bench.ts';
import { callFor } from '../calls.ts';
import { machineMs, residentBytes, watchTime } from '../watch.ts';
import { type Door, marker, openApiDoor, openBareDoor, token } from './doors.ts';
import { judge } from './lines.ts';
import { type Load, startLoad } from './load-job.ts';

const size = 200;
const readers = 1_000;
const events = 30;
const seconds = 2;
const bytes = 100;
const body = JSON.stringify({ arguments: { bytes } });
const call = { method: 'POST', path: '/api/servers/server-0/tools/fill/call', body } as const;

/** By the name of their figures. */
const requests = {
  one: { method: 'GET', path: '/api/servers/server-0', body: null, connections: 16 },
  list: { method: 'GET', path: '/api/servers', body: null, connections: 16 },
  call1: { ...call, connections: 1 },
  call32: { ...call, connections: 32 },
} as const;

export const api: Bench = {
  about: `the control API with ${size} servers in this process vs a bare Hono app that answers the same, load from a second process`,
  rounds: 3,
  variants: {
    bare: async () => await measureDoor(await openBareDoor(size)),
    api: async () => await measureDoor(await openApiDoor(size)),
    embedded: measureCalls,
    'bare readers': async () => await measureReaders(await openBareDoor(1)),
    'api readers': async () => await measureReaders(await openApiDoor(1)),
    'crash to fact': measureCrashes,
  },
  judge,
};

async function measureDoor(door: Door): Promise<Figures> {
  const load = startLoad();
  const figures: Record<string, number> = {};
  for (const [name, { path, ...job }] of Object.entries(requests)) {
    const asked = { ...job, url: `${door.url}${path}`, token };
    await load.request({ ...asked, seconds: 1 });
    const took = watchTime();
    const { perSecond, count, p50Ms, p99Ms } = await load.request({ ...asked, seconds });
    Object.assign(figures, { [`${name} perSecond`]: perSecond, [`${name} p50Ms`]: p50Ms, [`${name} p99Ms`]: p99Ms });
    figures[`${name} cpuUs`] = (took().cpuMs * 1_000) / count;
  }
  await load.end();
  await door.close();
  return figures;
}

/** Through the embedded supervisor, in the process that the API would be in. */
async function measureCalls(): Promise<Figures> {
  const door = await openApiDoor(size);
  const callFill = () => door.supervisor.callTool('server-0', 'fill', { bytes });
  const figures: Record<string, number> = {};
  for (const atATime of [1, 32]) {
    await callFor(1_000, { call: callFill, atATime, bytes });
    const took = watchTime();
    const { latenciesUs, perSecond } = await callFor(seconds * 1_000, { call: callFill, atATime, bytes });
    const name = `call${atATime}`;
    Object.assign(figures, { [`${name} perSecond`]: perSecond, [`${name} p50Ms`]: medianOf(latenciesUs) / 1_000 });
    figures[`${name} cpuUs`] = (took().cpuMs * 1_000) / latenciesUs.length;
  }
  await door.close();
  return figures;
}

/** One reader first: from an event to the fact at a client; then many. */
async function measureReaders(door: Door): Promise<Figures> {
  const url = `${door.url}/api/events?type=command.accepted`;
  const alone = startLoad();
  await alone.open({ url, token, readers: 1, marker });
  const one = await publishAll(door, alone);
  await alone.end();
  const load = startLoad();
  await setTimeout(200);
  const before = residentBytes();
  await load.open({ url, token, readers, marker });
  const eachKB = (residentBytes() - before) / readers / 1_000;
  const all = await publishAll(door, load);
  await load.end();
  await door.close();
  return {
    eachKB,
    oneMs: one.lastMs,
    firstMs: all.firstMs,
    lastMs: all.lastMs,
    worstLastMs: all.worstLastMs,
    cpuUs: all.cpuUs / readers,
  };
}

async function publishAll(door: Door, load: Load) {
  const [first, last]: [number[], number[]] = [[], []];
  const took = watchTime();
  for (let event = 0; event < events; event += 1) {
    const read = load.nextRead();
    const publishedAt = machineMs();
    door.publish();
    const { firstMs, lastMs } = await read;
    first.push(firstMs - publishedAt);
    last.push(lastMs - publishedAt);
    await setTimeout(5);
  }
  return {
    firstMs: medianOf(first),
    lastMs: medianOf(last),
    worstLastMs: Math.max(...last),
    cpuUs: (took().cpuMs * 1_000) / events,
  };
}

/** From the end of a transport to the fact that says so, for a reader in this process. Each server crashes once. */
async function measureCrashes(): Promise<Figures> {
  const door = await openApiDoor(size);
  const spentUs: number[] = [];
  for (const server of door.servers.slice(0, size)) {
    const facts = door.supervisor.facts();
    const crashedAt = performance.now();
    server.crash();
    for await (const fact of facts) if (fact.type === 'server.transitioned' && fact.from.startsWith('connected')) break;
    spentUs.push((performance.now() - crashedAt) * 1_000);
  }
  await door.close();
  return { factUs: medianOf(spentUs), worstFactUs: Math.max(...spentUs) };
}
