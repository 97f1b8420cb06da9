import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createSupervisor } from '../../../src/index.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { isRunning, until } from '../../support/processes.ts';

const count = 60;
const serverPath = fileURLToPath(new URL('../../servers/speak.mjs', import.meta.url));

describe('many servers that end in the same turn', () => {
  it('are all seen to be gone before the first of them is started again', async () => {
    const names = Array.from({ length: count }, (_, index) => `s${index}`);
    const { transports, closeOf } = hostInMemory({});
    let opened = 0;
    const supervisor = await createSupervisor({
      config: { mcpServers: insideEntries(names, { restart: { stableAfterMs: 0 } }) },
      startConcurrency: count,
      transports: {
        inside: async (entry, signal) => {
          opened += 1;
          if (opened === count + 1) connectedAtFirstOpening = supervisor.status().counts.connected;
          return await (transports.inside as NonNullable<typeof transports.inside>)(entry, signal);
        },
      },
    });
    let connectedAtFirstOpening: number | null = null;
    await supervisor.ready();
    expect(supervisor.status().counts.connected).toBe(count);
    void Promise.all(names.map(closeOf));
    await until('one of them is started again', () => connectedAtFirstOpening !== null);
    expect(connectedAtFirstOpening).toBe(0);
    await supervisor.close();
  });
});

describe('many processes that are killed in the same turn', () => {
  it('are all told to be gone before anything is done about the first of them', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `s${index}`);
    const program = { command: process.execPath, args: [serverPath], restart: { stableAfterMs: 0 } };
    await using supervisor = await createSupervisor({
      config: { mcpServers: Object.fromEntries(names.map((name) => [name, program])) },
    });
    await supervisor.ready();
    const pids = supervisor.status().servers.flatMap(({ pid }) => pid ?? []);
    expect(pids).toHaveLength(names.length);
    const since = (await supervisor.journal()).facts.at(-1)?.seq ?? 0;
    for (const pid of pids) process.kill(-pid, 'SIGKILL');
    // All of them have ended before the event loop turns.
    while (pids.some(isRunning)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    const stepsOfEnds = ['process.exited', 'session.closed', 'server.failed', 'process.spawned', 'session.opened'];
    const stepsSince = async () =>
      (await supervisor.journal({ after: since })).facts.flatMap(({ type }) =>
        stepsOfEnds.includes(type) ? [type] : [],
      );
    const opened = async () => (await stepsSince()).filter((type) => type === 'session.opened');
    await expect.poll(opened, { timeout: 20_000 }).toHaveLength(names.length);
    expect((await stepsSince()).slice(0, names.length)).toEqual(names.map(() => 'process.exited'));
  });
});
