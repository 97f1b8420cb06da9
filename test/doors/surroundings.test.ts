/** What happens to a control plane whose disk or machine runs out of something: the servers have nothing to do with it. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openScene, type RunningDaemon, type RunOptions, type Scene } from '../support/doors/daemon.ts';
import { underAttack } from '../support/loop-delay.ts';
import { until } from '../support/processes.ts';

const program = fileURLToPath(new URL('../../dist/src/bin.js', import.meta.url));

interface Alarm {
  readonly actor: string;
  readonly alarm: string;
  readonly reason: string;
}

interface Server {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly attempt: number;
  readonly generation: number;
}

interface Status {
  readonly alarms: readonly Alarm[];
  readonly servers: readonly Server[];
}

async function statusOf({ client }: RunningDaemon): Promise<Status> {
  return (await client.get('/api/status')).json as unknown as Status;
}

async function serverOf(daemon: RunningDaemon, name: string): Promise<Server> {
  const found = (await statusOf(daemon)).servers.find((server) => server.name === name);
  if (found === undefined) throw new Error(`there is no server "${name}"`);
  return found;
}

async function ownAlarmsOf(daemon: RunningDaemon): Promise<readonly string[]> {
  return (await statusOf(daemon)).alarms.filter(({ actor }) => actor === 'supervisor').map(({ alarm }) => alarm);
}

/** Returns the generation that was ended. */
async function killed(daemon: RunningDaemon, name: string): Promise<number> {
  return killedUnder(daemon, name, () => {});
}

/** `limit` is called when all that is needed is known. */
async function killedUnder(daemon: RunningDaemon, name: string, limit: () => void): Promise<number> {
  const { pid, generation } = await serverOf(daemon, name);
  limit();
  process.kill(pid ?? 0, 'SIGKILL');
  return generation;
}

async function isBack(daemon: RunningDaemon, name: string, after: number): Promise<boolean> {
  const { state, generation } = await serverOf(daemon, name);
  return state === 'connected' && generation > after;
}

/** Starts with every server connected. */
async function upWith(scene: Scene, servers: Readonly<Record<string, unknown>>, options: RunOptions = {}) {
  const config = scene.writeConfig(servers, { restart: { baseMs: 100, capMs: 400, maxConsecutive: 3 } });
  const daemon = await scene.up({ ...options, args: ['--config', config] });
  await until('every server is connected', async () =>
    (await statusOf(daemon)).servers.every(({ state }) => state === 'connected'),
  );
  // Written last: nothing makes the directory again while a test takes it away.
  await until('its files are at rest', () => existsSync(join(scene.stateDir, 'worked.json')));
  return daemon;
}

/** Null, or why this machine does not let us. */
function refusalOf(command: string, args: readonly string[]): string | null {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe.runIf(process.platform === 'linux')('a state directory on a disk that is full', () => {
  it('is an alarm; servers restart, and everything catches up when there is room', async ({ skip }) => {
    const scene = openScene();
    mkdirSync(scene.stateDir, { mode: 0o700 });
    const refusal = refusalOf('mount', ['-t', 'tmpfs', '-o', 'size=96k,mode=700', 'tmpfs', scene.stateDir]);
    if (refusal !== null) return skip(`a file system cannot be mounted here: ${refusal}`);
    onTestFinished(() => void refusalOf('umount', ['--lazy', scene.stateDir]));
    const daemon = await upWith(scene, { a: scene.talker() });
    expect(refusalOf('dd', ['if=/dev/zero', `of=${join(scene.stateDir, 'filler')}`, 'bs=1k'])).toContain('No space');
    await underAttack(
      'a state directory that is full',
      async () => {
        for (let round = 0; round < 2; round += 1) {
          const before = await killed(daemon, 'a');
          await until('the server is back', () => isBack(daemon, 'a', before));
        }
        await until('the alarm stands', async () => (await ownAlarmsOf(daemon)).includes('state-directory'));
      },
      { client: daemon.client },
    );
    expect((await statusOf(daemon)).alarms[0]?.reason).toContain('processes.json cannot be written: no space is left');
    rmSync(join(scene.stateDir, 'filler'));
    await until('the alarm is over', async () => (await ownAlarmsOf(daemon)).length === 0);
    const { pid } = await serverOf(daemon, 'a');
    const { processes } = JSON.parse(readFileSync(join(scene.stateDir, 'processes.json'), 'utf8'));
    expect(processes).toMatchObject([{ server: 'a', pid }]);
    expect(daemon.stdout()).not.toContain('bug');
    daemon.kill('SIGTERM');
    await daemon.ended;
  });
});

describe('a state directory that is cleaned away while the control plane runs', () => {
  it('is made again with its modes: commands find the control plane, and a second one is refused', async () => {
    const scene = openScene();
    const daemon = await upWith(scene, { a: scene.talker() });
    const names = ['lock', 'token', 'mcp-token', 'control-plane.json', 'processes.json', 'worked.json'];
    await underAttack(
      'a state directory that is cleaned away',
      async () => {
        rmSync(scene.stateDir, { recursive: true });
        const before = await killed(daemon, 'a');
        await until('the server is back', () => isBack(daemon, 'a', before));
        await until('every file is back', () => names.every((name) => existsSync(join(scene.stateDir, name))));
      },
      { client: daemon.client },
    );
    expect(statSync(scene.stateDir).mode & 0o777).toBe(0o700);
    for (const name of names) expect(statSync(join(scene.stateDir, name)).mode & 0o777, name).toBe(0o600);
    expect((await scene.run(['status', '--state-dir', scene.stateDir]).ended).code).toBe(0);
    expect((await scene.run(['up', '--state-dir', scene.stateDir, '--port', '0']).ended).code).toBe(6);
    expect(await ownAlarmsOf(daemon)).toEqual([]);
    expect(daemon.stdout()).not.toContain('bug');
  });

  it('is an alarm as long as it cannot be made again', async () => {
    const scene = openScene();
    const daemon = await upWith(scene, { a: scene.talker() });
    rmSync(scene.stateDir, { recursive: true });
    writeFileSync(scene.stateDir, 'a file where the folder should be');
    const before = await killed(daemon, 'a');
    await until('the server is back', () => isBack(daemon, 'a', before));
    await until('the alarm stands', async () => (await ownAlarmsOf(daemon)).includes('state-directory'));
    rmSync(scene.stateDir);
    await until('the alarm is over', async () => (await ownAlarmsOf(daemon)).length === 0);
    await until('the lock is back', () => existsSync(join(scene.stateDir, 'lock')));
    expect(daemon.stdout()).not.toContain('bug');
  });
});

/** Somebody who owns nothing here, and whose processes are limited: root's are not. */
const nobody = 65_534;

const asUser = (uid: number | undefined) =>
  uid === undefined ? [] : ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];

/** The process that starts servers and connects to them. */
async function holderOf({ client, pid }: RunningDaemon): Promise<number> {
  const { clientProcess } = (await client.get('/api/status')).json as { clientProcess?: { pid: number } | null };
  return clientProcess?.pid ?? pid;
}

const shortages = [
  { what: 'descriptors', resource: 'nofile', limit: 10, uid: undefined },
  { what: 'processes', resource: 'nproc', limit: 1, uid: nobody },
] as const;

describe.runIf(process.platform === 'linux').each(shortages)('a control plane that runs out of $what', (shortage) => {
  it('starts its servers as soon as it can again, and holds it against none', async ({ skip }) => {
    const { resource, limit, uid } = shortage;
    const refusal =
      refusalOf('prlimit', ['--version']) ??
      refusalOf('setpriv', [...asUser(uid), process.execPath, program, '--version']);
    if (refusal !== null) return skip(`it cannot be limited here: ${refusal}`);
    const scene = openScene();
    const daemon = await upWith(scene, { a: scene.talker(), b: scene.talker() }, uid === undefined ? {} : { uid });
    const holder = await holderOf(daemon);
    const limitArgs = (to: number) => ['prlimit', '--pid', String(holder), `--${resource}=${to}:`];
    // By its own user: whether another may is not for sure.
    const setLimit = (to: number) => execFileSync('setpriv', [...asUser(uid), ...limitArgs(to)]);
    // Read when the shortage is over: nobody can connect meanwhile.
    const before = await underAttack(
      `a shortage of ${shortage.what}`,
      async () => {
        const ended = await killedUnder(daemon, 'a', () => setLimit(limit));
        await until('it was tried more often than its budget allows', () => {
          const tries = daemon.stdout().match(/"type":"server\.failed"[^\n]*"class":"shortage"/g) ?? [];
          return tries.length >= 5;
        });
        setLimit(1_000);
        return ended;
      },
      { client: daemon.client },
    );
    await until('the server is back', () => isBack(daemon, 'a', before));
    expect(await serverOf(daemon, 'a')).toMatchObject({ attempt: 1 });
    expect(await serverOf(daemon, 'b')).toMatchObject({ state: 'connected', generation: 1 });
    expect(daemon.stdout()).toContain('"alarm":"shortage"');
    await until('the alarm of the server is over', async () =>
      (await statusOf(daemon)).alarms.every(({ reason }) => !reason.includes('could not be started')),
    );
    expect(daemon.stdout()).not.toContain('bug');
  });
});

describe.runIf(process.platform === 'linux')('a control plane that has no descriptors left for remote servers', () => {
  it('connects them as soon as it has, and holds it against none', async ({ skip }) => {
    const refusal = refusalOf('prlimit', ['--version']);
    if (refusal !== null) return skip(`it cannot be limited here: ${refusal}`);
    const web = createServer((request, response) => void answerMcp(request, response));
    await once(web.listen(0, '127.0.0.1'), 'listening');
    const { port } = web.address() as AddressInfo;
    await new Promise((closed) => web.close(closed));
    onTestFinished(() => {
      web.close();
      web.closeAllConnections();
    });
    const scene = openScene();
    const config = scene.writeConfig(
      { far: { url: `http://127.0.0.1:${port}/mcp`, transport: 'http' } },
      { restart: { baseMs: 100, capMs: 400, maxConsecutive: 3 } },
    );
    const daemon = await scene.up({ args: ['--config', config] });
    const holder = await holderOf(daemon);
    const setLimit = (to: number) => execFileSync('prlimit', ['--pid', String(holder), `--nofile=${to}:`]);
    await underAttack(
      'a shortage of descriptors for remote servers',
      async () => {
        setLimit(10);
        await until('it was tried more often than its budget allows', () => {
          const tries = daemon.stdout().match(/"type":"server\.failed"[^\n]*"class":"shortage"/g) ?? [];
          return tries.length >= 5;
        });
        await once(web.listen(port, '127.0.0.1'), 'listening');
        setLimit(1_000);
      },
      { client: daemon.client },
    );
    await until('the server is connected', async () => (await serverOf(daemon, 'far')).state === 'connected');
    expect(await serverOf(daemon, 'far')).toMatchObject({ attempt: 0 });
    expect(daemon.stdout()).toContain('"alarm":"shortage"');
    expect(daemon.stdout()).not.toContain('bug');
  });
});

async function answerMcp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { id, method } = JSON.parse((await text(request)) || '{}') as { id?: number; method?: string };
  if (id === undefined) return void response.writeHead(request.method === 'GET' ? 405 : 202).end();
  const serverInfo = { name: 'far', version: '1' };
  const introduction = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo };
  response.writeHead(200, { 'content-type': 'application/json' });
  const result = method === 'initialize' ? introduction : { tools: [] };
  response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
}
