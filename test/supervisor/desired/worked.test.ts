import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Supervisor } from '../../../src/supervisor/contract.ts';
import { openSupervisor } from '../../../src/supervisor/supervisor.ts';
import { openHttpServer } from '../../support/http-server.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { createSkippingClock } from '../../support/skipping-clock.ts';
import { type Entry, openStage, untilFact } from '../../support/supervised.ts';

/** A remote server that may be away: then everything is answered with 404, as by a router in front of it. */
async function openDeployment() {
  let isAway = false;
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (isAway) return response.writeHead(404).end();
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { id?: number; method: string };
    if (id === undefined) return response.writeHead(202).end();
    const serverInfo = { name: 'far', version: '1' };
    const result =
      method === 'initialize'
        ? { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo }
        : { tools: [] };
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  };
  const { url } = await openHttpServer((request, response) => void respond(request, response));
  return {
    url: `${url}/mcp`,
    leave() {
      isAway = true;
    },
    comeBack() {
      isAway = false;
    },
  };
}

interface Life {
  readonly stateDir: string;
  readonly entry: Entry;
}

/** Another run of the control plane, with a clock of its own. */
async function openLife({ stateDir, entry }: Life) {
  const clock = createSkippingClock();
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const config = { mcpServers: { far: entry } };
  const { supervisor } = await openSupervisor({ config, stateDir, clock, onError, env: process.env });
  onTestFinished(() => supervisor.close());
  return { supervisor, clock, errors };
}

async function untilIn(supervisor: Supervisor, states: RegExp): Promise<void> {
  await expect.poll(() => supervisor.status('far').state, { timeout: 20_000 }).toMatch(states);
}

/** Lets minutes pass in which it is tried again and again. */
async function passTries(supervisor: Supervisor, skip: (ms: number) => void): Promise<void> {
  await untilIn(supervisor, /^(?:backoff|failed)/);
  for (let tries = 0; tries < 10 && supervisor.status('far').state !== 'failed'; tries += 1) {
    const tried = untilFact(supervisor, 'server.transitioned', ({ to }) => /^(?:backoff.delaying|failed)/.test(to));
    skip(30_000);
    await tried;
  }
}

/** A state directory in which the server was connected with `entry`, as a SIGKILL of the control plane leaves it. */
async function openWorked(entry: Entry): Promise<string> {
  const stateDir = createScratchFolder();
  const { supervisor } = await openLife({ stateDir, entry });
  await supervisor.ready();
  expect(supervisor.status('far').state).toBe('connected');
  const left = join(createScratchFolder(), 'left');
  mkdirSync(left, { mode: 0o700 });
  await expect.poll(() => readFileSync(join(stateDir, 'worked.json'), 'utf8')).toContain('far');
  copyFileSync(join(stateDir, 'worked.json'), join(left, 'worked.json'));
  await supervisor.close();
  return left;
}

describe('a remote server that answers with 404 when the control plane starts again', () => {
  it('is away, if it was connected with this specification before, and is connected when it is back', async () => {
    const { url, leave, comeBack } = await openDeployment();
    const stateDir = await openWorked({ url });
    leave();
    const { supervisor, clock } = await openLife({ stateDir, entry: { url, callTimeoutMs: 1_000 } });
    await passTries(supervisor, clock.skip);
    expect(supervisor.status('far').state).not.toBe('failed');
    comeBack();
    await untilIn(supervisor, /^(?:backoff|connected)/);
    clock.skip(60_000);
    await untilIn(supervisor, /^connected/);
  });

  it('has failed, if it was connected with another address', async () => {
    const { url, leave } = await openDeployment();
    const stateDir = await openWorked({ url });
    leave();
    const { supervisor, clock } = await openLife({ stateDir, entry: { url: `${url}/other` } });
    await passTries(supervisor, clock.skip);
    expect(supervisor.status('far').state).toBe('failed');
  });
});

describe('a server that was removed and is added again', () => {
  it('is known to have worked, without a state directory, too', async () => {
    const { url, leave } = await openDeployment();
    const clock = createSkippingClock();
    const supervisor = await openStage().open({ far: { url } }, {}, { clock });
    await supervisor.ready();
    const removed = untilFact(supervisor, 'server.removed');
    await supervisor.remove('far');
    await removed;
    leave();
    await supervisor.add('far', { url });
    await passTries(supervisor, clock.skip);
    expect(supervisor.status('far').state).not.toBe('failed');
  });
});

describe('a record of what has worked', () => {
  it.each<[string, (path: string) => void]>([
    ['is no JSON', (path) => writeFileSync(path, '{')],
    ['is something else', (path) => writeFileSync(path, '{"key":"k","servers":[["far"],7,{"__proto__":1}]}')],
    ['is of another program', (path) => writeFileSync(path, '[]')],
    ['has no key', (path) => writeFileSync(path, '{"servers":[]}')],
    ['has a name of a megabyte', (path) => writeFileSync(path, `{"key":"k","servers":[["${'x'.repeat(1e6)}","y"]]}`)],
    ['is larger than any of ours', (path) => makeLarge(path)],
    ['is a link', (path) => symlinkSync('/etc/hostname', path)],
    ['is a folder', (path) => mkdirSync(path)],
    ['is a pipe', (path) => execFileSync('mkfifo', [path])],
  ])('that %s is told, and keeps nothing from starting', async (_, make) => {
    const { url } = await openDeployment();
    const stateDir = createScratchFolder();
    make(join(stateDir, 'worked.json'));
    const { supervisor, errors } = await openLife({ stateDir, entry: { url } });
    await supervisor.ready();
    expect(supervisor.status('far').state).toBe('connected');
    expect(errors.filter((error) => typeof error === 'string' && error.includes('worked.json'))).toHaveLength(1);
  });
});

function makeLarge(path: string): void {
  writeFileSync(path, '{"servers":[]}');
  truncateSync(path, 17 * 1024 * 1024);
}
