/** A control plane that starts again while one of its servers is away: what worked before is not given up. */

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openScene, type RunningDaemon, type Scene } from '../support/doors/daemon.ts';
import { openHttpServer } from '../support/http-server.ts';
import { until } from '../support/processes.ts';

const quick = { restart: { baseMs: 50, capMs: 200, maxConsecutive: 3 } };

interface Server {
  readonly state: string;
  readonly attempt: number;
  readonly generation: number;
  readonly lastFailure: { readonly class: string; readonly code: unknown } | null;
}

async function serverOf({ client }: RunningDaemon): Promise<Server> {
  return (await client.get('/api/servers/far')).json as unknown as Server;
}

async function untilState(daemon: RunningDaemon, state: string): Promise<void> {
  await until(`the server is ${state}`, async () => (await serverOf(daemon)).state === state);
}

/** It waits and is tried again more often than a counted failure is, and then still waits. */
async function untilPatient(daemon: RunningDaemon): Promise<Server> {
  await until('it was tried again and again', async () => (await serverOf(daemon)).generation >= 8);
  await until('it waits', async () => (await serverOf(daemon)).state === 'backoff');
  return serverOf(daemon);
}

/** Answers as an MCP server, or as the router in front of one that is being replaced. */
async function openRouter() {
  const router = { answers: 'mcp' as 'mcp' | 404 | 'page' };
  const { url } = await openHttpServer((request, response) => {
    void text(request).then((body) => {
      if (router.answers === 404) return response.writeHead(404).end();
      if (router.answers === 'page')
        return response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Back soon</h1>');
      if (request.method !== 'POST') return response.writeHead(405).end();
      const { id, method } = JSON.parse(body) as { id?: number; method: string };
      if (id === undefined) return response.writeHead(202).end();
      const serverInfo = { name: 'far', version: '1' };
      const introduction = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo };
      const result = method === 'initialize' ? introduction : { tools: [] };
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    });
  });
  return { router, url: `${url}/mcp` };
}

const start = (scene: Scene, entry: object) =>
  scene.up({ args: ['--config', scene.writeConfig({ far: entry }, quick), '--isolation', 'in-process'] });

/** A control plane whose server is connected, with that on record, ends so. */
async function ended(scene: Scene, entry: object, signal: NodeJS.Signals): Promise<void> {
  const daemon = await start(scene, entry);
  await untilState(daemon, 'connected');
  const record = join(scene.stateDir, 'worked.json');
  await until('it is on record', () => existsSync(record) && readFileSync(record, 'utf8').includes('"far"'));
  daemon.kill(signal);
  await daemon.ended;
}

describe.each(['SIGTERM', 'SIGKILL'] as const)('a control plane that was ended by %s, and starts again', (signal) => {
  it.each([404, 'page'] as const)('waits for a server that is being replaced, and connects it: %s', async (answer) => {
    const scene = openScene();
    const { router, url } = await openRouter();
    await ended(scene, { url, transport: 'http' }, signal);
    router.answers = answer;
    const daemon = await start(scene, { url, transport: 'http' });
    expect(await untilPatient(daemon)).toMatchObject({ state: 'backoff', attempt: 0 });
    router.answers = 'mcp';
    await untilState(daemon, 'connected');
    expect(daemon.stdout()).not.toContain('bug');
  });

  it('gives up a server at another address as it ever did', async () => {
    const scene = openScene();
    const { router, url } = await openRouter();
    await ended(scene, { url, transport: 'http' }, signal);
    router.answers = 'page';
    const daemon = await start(scene, { url: `${url}/other`, transport: 'http' });
    await untilState(daemon, 'failed');
    expect(await serverOf(daemon)).toMatchObject({ attempt: 3, lastFailure: { class: 'handshakeFailed' } });
  });

  it('waits for a command that is being replaced, but for no other', async () => {
    const scene = openScene();
    const command = join(scene.folder, 'node');
    const install = () => {
      writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
      chmodSync(command, 0o755);
    };
    install();
    const entry = scene.talker({ command });
    await ended(scene, entry, signal);
    rmSync(command);
    const daemon = await start(scene, entry);
    expect(await untilPatient(daemon)).toMatchObject({ state: 'backoff', attempt: 0, lastFailure: { code: 'ENOENT' } });
    install();
    await untilState(daemon, 'connected');
    daemon.kill('SIGTERM');
    await daemon.ended;
    rmSync(command);
    await untilState(await start(scene, { ...entry, args: ['another'] }), 'failed');
  });
});

describe('a record of what has worked that cannot be written', () => {
  it('is an alarm of the control plane, and its servers go on; it is over when it can be', async () => {
    const scene = openScene();
    const record = join(scene.stateDir, 'worked.json');
    mkdirSync(record, { recursive: true, mode: 0o700 });
    const daemon = await start(scene, scene.talker());
    await untilState(daemon, 'connected');
    const alarms = async () =>
      (await daemon.client.get('/api/status')).json.alarms as unknown as readonly { alarm: string; reason: string }[];
    await until('the alarm stands', async () => (await alarms()).length > 0);
    expect(await alarms()).toMatchObject([
      { alarm: 'state-directory', reason: expect.stringContaining('worked.json cannot be written') },
    ]);
    expect(daemon.stdout()).toContain('worked.json is passed over');
    rmSync(record, { recursive: true });
    await until('the alarm is over', async () => (await alarms()).length === 0);
    expect(readFileSync(record, 'utf8')).toContain('"far"');
    expect(daemon.stdout()).not.toContain('bug');
  });
});
