/** Sessions in a process of their own: what dies, who notices, who goes on, and what is left. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { guardOf } from '../faults/scene/living.ts';
import { openScene, type RunningDaemon, type Scene } from '../support/doors/daemon.ts';
import { type Status, statusOf, untilConnected, upIsolated } from '../support/doors/isolated.ts';
import { isRunning, pidsMarked, until, untilNoneMarked } from '../support/processes.ts';

const stubborn = fileURLToPath(new URL('../servers/ignores-eof-behind-a-wrapper.mjs', import.meta.url));

const livesOf = ({ servers }: Status) => servers.map(({ name, pid, generation }) => ({ name, pid, generation }));

function fleet(scene: Scene, clientProcess: object = {}): string {
  const servers = { one: scene.talker(), two: scene.talker(), rude: { command: 'node', args: [stubborn, scene.mark] } };
  return scene.writeConfig(servers, { clientProcess, stop: { closeMs: 100, terminateMs: 500 } });
}

async function isCallable({ client }: RunningDaemon, server: string): Promise<boolean> {
  const { status } = await client.post(`/api/servers/${server}/tools/add/call`, { arguments: { a: 1, b: 2 } });
  return status === 200;
}

/** A control plane whose servers are all connected, by the client process `pid`. */
async function upWithFleet(clientProcess: object = {}) {
  const scene = openScene();
  const config = fleet(scene, clientProcess);
  const daemon = await upIsolated(scene, config);
  const before = await untilConnected(daemon);
  const { pid } = before.clientProcess;
  if (pid === null) throw new Error('the client process has no pid');
  return { scene, config, daemon, before, pid };
}

/** A call that takes this long, and is under way. */
async function callFor(ms: number, { client }: RunningDaemon) {
  const answer = client.post('/api/servers/one/tools/sleep/call', { arguments: { ms } });
  await until('the call is under way', async () =>
    (await client.get('/api/servers/one')).text.includes('"inFlight":1'),
  );
  return { answer };
}

/** Resolves when another client process than `pid` is connected. */
async function untilReplaced(pid: number, daemon: RunningDaemon): Promise<void> {
  await until('another one is connected', async () => {
    const { clientProcess } = await statusOf(daemon);
    return clientProcess.state === 'connected' && clientProcess.pid !== pid;
  });
}

/** Of the server that ignores the end of its stdin: a launcher, a shell, and the server itself. */
const rudeProcesses = 3;
const calledWithinMs = 2_500;

describe('a control plane that is killed', () => {
  it('is followed by one that takes over its sessions: no server is started again', async () => {
    const { scene, config, daemon, before } = await upWithFleet();
    daemon.kill('SIGKILL');
    await daemon.ended;
    const next = await upIsolated(scene, config);
    const after = await untilConnected(next);
    expect(livesOf(after)).toEqual(livesOf(before));
    expect(after.clientProcess).toMatchObject({ pid: before.clientProcess.pid, adopted: true, sessions: 3 });
    for (const { name } of after.servers) expect(await isCallable(next, name)).toBe(true);
  });

  it('is followed by one whose tools can be called at once', async ({ annotate }) => {
    const { scene, config, daemon, before } = await upWithFleet();
    daemon.kill('SIGKILL');
    await daemon.ended;
    const startedAtMs = performance.now();
    const next = await upIsolated(scene, config);
    for (const { name } of before.servers) await until(`"${name}" can be called`, () => isCallable(next, name));
    const tookMs = performance.now() - startedAtMs;
    await annotate(`all ${before.servers.length} servers could be called ${tookMs.toFixed(0)} ms after the start`);
    // About 400 ms on an idle machine.
    expect(tookMs).toBeLessThan(calledWithinMs);
  });

  it('is followed by one that starts only those again whose entries are others', async () => {
    const scene = openScene();
    const first = await upIsolated(
      scene,
      scene.writeConfig({ one: scene.talker(), two: scene.talker(), three: scene.talker() }),
    );
    const before = await untilConnected(first);
    first.kill('SIGKILL');
    await first.ended;
    const next = await upIsolated(
      scene,
      scene.writeConfig({ one: scene.talker(), two: scene.talker({ env: { NEW: '1' } }) }),
    );
    const after = await untilConnected(next);
    const [one, two] = before.servers;
    expect(after.servers[0]).toMatchObject({ pid: one?.pid, generation: 1 });
    expect(after.servers[1]).toMatchObject({ generation: 2, attempt: 0 });
    await until('what is not wanted any more has ended', () => pidsMarked(scene.mark).length === 2);
    expect(isRunning(two?.pid ?? 0)).toBe(false);
  });

  it('leaves nothing when nobody follows', async () => {
    const { scene, daemon, pid } = await upWithFleet({ orphanGraceMs: 200 });
    daemon.kill('SIGKILL');
    await untilNoneMarked(scene.mark);
    await until('the client process is gone', () => !isRunning(pid));
    expect(pidsMarked(scene.mark)).toEqual([]);
  });
});

describe('a control plane that is replaced', () => {
  it('leaves every server to the next one, once its calls have settled', async () => {
    const { scene, config, daemon, before } = await upWithFleet();
    const { answer } = await callFor(1_000, daemon);
    const next = await scene.up({ args: ['--config', config, '--isolation', 'process', '--replace'] });
    expect((await answer).status).toBe(200);
    expect(await daemon.ended).toMatchObject({ code: 0 });
    const after = await untilConnected(next);
    expect(livesOf(after)).toEqual(livesOf(before));
    expect(after.clientProcess).toMatchObject({ pid: before.clientProcess.pid, adopted: true });
  });

  it.each<readonly [string, readonly string[], number]>([
    ['its configuration is wrong', ['--config', 'wrong.json'], 1],
    ['it would hold its servers itself', ['--isolation', 'in-process'], 2],
    ['its address is taken', ['--port', 'TAKEN'], 1],
  ])('goes on when the next one cannot start: %s', async (_why, words, code) => {
    const { scene, daemon, before } = await upWithFleet();
    writeFileSync(join(scene.folder, 'wrong.json'), '{"mcpServers": {"x": {}}}');
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await until('an address is taken', () => taken.listening);
    const port = String((taken.address() as AddressInfo).port);
    const given = words.map((word) => (word === 'TAKEN' ? port : word));
    const base = ['up', '--state-dir', scene.stateDir, '--replace', '--port', '0', '--isolation', 'process'];
    expect((await scene.run([...base, ...given]).ended).code).toBe(code);
    expect(livesOf(await untilConnected(daemon))).toEqual(livesOf(before));
  });

  it('is none if it holds its servers itself: they end before the next one starts them', async () => {
    const { scene, config, daemon, before, pid } = await upWithFleet();
    daemon.kill('SIGKILL');
    await daemon.ended;
    const next = await scene.up({ args: ['--config', config, '--isolation', 'in-process'] });
    await until('all are connected', async () =>
      (await statusOf(next)).servers.every(({ state }) => state === 'connected'),
    );
    for (const server of before.servers) expect(isRunning(server.pid)).toBe(false);
    expect(isRunning(pid)).toBe(false);
  });
});

describe('a client process', () => {
  it.each(['SIGKILL', 'SIGSTOP'] as const)('that gets %s is replaced, and no server is to blame', async (signal) => {
    const { daemon, before, pid } = await upWithFleet({ watchdogMs: 1_000 });
    const { answer } = await callFor(60_000, daemon);
    process.kill(pid, signal);
    expect((await answer).json).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await untilReplaced(pid, daemon);
    const after = await untilConnected(daemon);
    expect(isRunning(pid)).toBe(false);
    for (const { pid: old } of before.servers) expect(isRunning(old)).toBe(false);
    for (const server of after.servers) expect(server).toMatchObject({ attempt: 0, generation: 2 });
    expect(after.clientProcess.lastFailure).toMatchObject({ class: 'clientLost' });
    for (const { name } of after.servers) expect(await isCallable(daemon, name)).toBe(true);
  });

  it('that is killed with its control plane leaves nothing, and no start is needed for that', async () => {
    const { scene, daemon, pid } = await upWithFleet();
    process.kill(pid, 'SIGKILL');
    daemon.kill('SIGKILL');
    await untilNoneMarked(scene.mark);
    expect(pidsMarked(scene.mark)).toEqual([]);
  });

  it('that is killed with its control plane and its guard leaves nothing once there is another control plane', async () => {
    const { scene, config, daemon, pid } = await upWithFleet();
    const guard = guardOf(pid);
    // It would start another guard.
    process.kill(pid, 'SIGSTOP');
    const left = pidsMarked(scene.mark);
    process.kill(guard ?? 0, 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    daemon.kill('SIGKILL');
    await daemon.ended;
    await until('both are gone', () => !isRunning(pid) && !isRunning(guard ?? 0));
    await until('those that end with their stdin are gone', () => left.filter(isRunning).length <= rudeProcesses);
    expect(left.filter(isRunning)).toHaveLength(rudeProcesses);
    await untilConnected(await upIsolated(scene, config));
    expect(left.filter(isRunning)).toEqual([]);
  });

  it('that ends in its start fails after its budget, with its last words, while the API answers', async () => {
    const scene = openScene();
    mkdirSync(join(scene.stateDir, 'client-process.sock'), { recursive: true, mode: 0o700 });
    const daemon = await upIsolated(scene, fleet(scene, { baseMs: 10, capMs: 20, maxConsecutive: 3 }));
    await until('it has failed', async () => (await statusOf(daemon)).clientProcess.state === 'failed');
    const { clientProcess, servers, alarms } = await statusOf(daemon);
    expect(clientProcess).toMatchObject({ attempt: 3, pid: null });
    expect(clientProcess.lastFailure?.stderrTail.join('\n')).toContain('is not a socket');
    expect(alarms).toContainEqual(expect.objectContaining({ actor: 'client-process', alarm: 'client-failed' }));
    for (const { state } of servers) expect(['backoff', 'idle']).toContain(state);
    expect(
      readFileSync(join(scene.stateDir, 'logs', 'client-process.log'), 'utf8').match(/is not a socket/g),
    ).toHaveLength(3);
    expect(pidsMarked(scene.stateDir).filter((pid) => pid !== daemon.pid)).toEqual([]);
    const { code, stderr } = await scene.run(['start', 'one', '--state-dir', scene.stateDir]).ended;
    expect({ code, stderr }).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('the client process is failed'),
    });
  });

  it('is restarted by command', async () => {
    const { scene, daemon, pid } = await upWithFleet();
    const { code, stdout } = await scene.run(['restart', 'client-process', '--state-dir', scene.stateDir]).ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'client-process: restart is done, it is connected\n' });
    const after = await untilConnected(daemon);
    expect(after.clientProcess.pid).not.toBe(pid);
    expect(isRunning(pid)).toBe(false);
    for (const server of after.servers) expect(server).toMatchObject({ attempt: 0, generation: 2 });
  });

  it('is drained by an event: a call in flight settles before its servers start again', async () => {
    const { daemon, pid } = await upWithFleet();
    const { answer } = await callFor(500, daemon);
    await daemon.client.post('/api/actors/client-process/events', { type: 'client.drain' });
    expect((await statusOf(daemon)).clientProcess.state).toBe('draining');
    expect(await isCallable(daemon, 'two')).toBe(false);
    expect((await answer).status).toBe(200);
    await untilReplaced(pid, daemon);
    const after = await untilConnected(daemon);
    for (const server of after.servers) expect(server).toMatchObject({ attempt: 0, generation: 2 });
  });

  it('ends with its control plane when that ends in order', async () => {
    const { scene, daemon, pid } = await upWithFleet();
    daemon.kill('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0 });
    expect(isRunning(pid)).toBe(false);
    expect(pidsMarked(scene.mark)).toEqual([]);
    expect(existsSync(join(scene.stateDir, 'client-process.sock'))).toBe(false);
  });
});

describe('another program that listens where a client process would', () => {
  it('is neither used nor ended, and that is said', async () => {
    const scene = openScene();
    mkdirSync(scene.stateDir, { recursive: true, mode: 0o700 });
    const stranger = createServer(() => {});
    onTestFinished(() => void stranger.close());
    stranger.listen(join(scene.stateDir, 'client-process.sock'));
    await until('it listens', () => stranger.listening);
    const daemon = await upIsolated(scene, fleet(scene, { baseMs: 10, capMs: 20, maxConsecutive: 2 }));
    await until('it has failed', async () => (await statusOf(daemon)).clientProcess.state === 'failed');
    const { clientProcess } = await statusOf(daemon);
    const reason = expect.stringContaining('neither used nor ended');
    expect(clientProcess.lastFailure).toMatchObject({ message: reason });
    expect(daemon.stdout()).toContain('neither used nor ended');
    expect(stranger.listening).toBe(true);
  });
});
