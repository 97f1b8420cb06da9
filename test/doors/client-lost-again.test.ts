/** A server in whose start the client process dies, each time: it is found, and the others run without it. */

import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type EventReader, openReader } from '../http/streams/event-reader.ts';
import { openScene, type RunningDaemon, type Scene } from '../support/doors/daemon.ts';
import { statusOf, untilConnected, upIsolated } from '../support/doors/isolated.ts';
import { until } from '../support/processes.ts';

const killer = fileURLToPath(new URL('../servers/kills-who-holds-it.mjs', import.meta.url));

const direct = ({ mark }: Scene) => ({ command: process.execPath, args: [killer, 'client-process.js', mark] });
const wrapped = (scene: Scene) => ({
  command: '/bin/sh',
  args: ['-c', '"$@"; exit $?', 'wrapper', process.execPath, ...direct(scene).args],
});

const others = ['one', 'two', 'three', 'four'];

async function factsOf({ url, token }: RunningDaemon): Promise<EventReader> {
  const reader = await openReader(`${url}/api/events?since=0`, { token });
  onTestFinished(() => reader.vanish());
  return reader;
}

/** The largest number of servers in their start at once, after the client process was back from its third loss. */
function mostAtOnce({ events }: EventReader): number {
  const starting = new Set<unknown>();
  let losses = 0;
  let isBack = false;
  let most = 0;
  for (const { event, data } of events) {
    if (event === 'client.transitioned') {
      if (data.from === 'stopping.clearing') losses += 1;
      if (losses === 3 && String(data.to).startsWith('connected')) isBack = true;
    }
    if (event !== 'server.transitioned') continue;
    if (String(data.to).startsWith('starting')) starting.add(data.actor);
    else starting.delete(data.actor);
    if (isBack) most = Math.max(most, starting.size);
  }
  return most;
}

const answeredIn = ({ events }: EventReader, server: string): number =>
  events.filter(({ event, data }) => event === 'probe.answered' && data.actor === `server:${server}`).length;

describe('a server that kills the client process in its start', () => {
  it.each([
    ['itself', [direct]],
    ['from behind a wrapper', [wrapped]],
    ['and is not the only one', [direct, wrapped, direct]],
  ])('%s is failed after some losses, and the others are connected and stay so', async (_how, entries) => {
    const scene = openScene();
    const killers = entries.map((_, index) => `killer ${index}`);
    const talkers = Object.fromEntries(others.map((name) => [name, scene.talker()]));
    const config = scene.writeConfig(
      { ...talkers, ...Object.fromEntries(entries.map((entry, index) => [killers[index], entry(scene)])) },
      { clientProcess: { baseMs: 10, capMs: 20 }, heartbeat: { intervalMs: 100 } },
    );
    const daemon = await upIsolated(scene, config);
    const facts = await factsOf(daemon);
    await until('each killer is failed', async () =>
      (await statusOf(daemon)).servers.every(({ name, state }) => !killers.includes(name) || state === 'failed'),
    );
    const before = await untilConnected(daemon, killers);
    const counts = new Map(others.map((name) => [name, answeredIn(facts, name)]));
    await until('each of the others has answered some probes since', () =>
      others.every((name) => answeredIn(facts, name) >= (counts.get(name) ?? 0) + 5),
    );
    const after = await statusOf(daemon);
    for (const server of after.servers.filter(({ name }) => !killers.includes(name))) {
      const had = before.servers.find(({ name }) => name === server.name);
      expect(server).toMatchObject({ state: 'connected', attempt: 0, pid: had?.pid, generation: had?.generation });
    }
    for (const server of after.servers.filter(({ name }) => killers.includes(name)))
      expect(server).toMatchObject({
        state: 'failed',
        lastFailure: { class: 'clientLost', message: expect.stringContaining('while this server started') },
      });
    expect(after.clientProcess).toMatchObject({ state: 'connected', pid: before.clientProcess.pid });
    expect(mostAtOnce(facts)).toBe(1);
  });
});
