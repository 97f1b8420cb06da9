/** Servers with MongoDB's protocol to test against: two imitations that differ, and a real one where there is one. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findProgram, isRequired } from '../requirements.ts';
import { builtFolderOf, servers } from './cache.mjs';

export interface MongoServer {
  /** Without a database: `mongodb://127.0.0.1:27017/`. */
  readonly url: string;
  /** Ends it, and starts it again at the same port with what it had kept. */
  restart(signal: 'SIGKILL' | 'SIGTERM', whileAway?: () => Promise<void>): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

export interface MongoKind {
  readonly name: string;
  /** Why it cannot be started here, for the title of a suite; null: it can. */
  readonly lack: string | null;
  /** What it acknowledged survives its own end, and it is ours to end. */
  readonly isDurable: boolean;
  start(): Promise<MongoServer>;
}

/** How a server is started: its port, 0 for any, and the folder for its files. */
type CommandOf = (port: number, folder: string) => readonly string[];

/** Kinds of servers; those that are not here have a `lack`. Throws if `MCPVISOR_REQUIRE` names `mongo` and one lacks. */
export function mongoKinds(): readonly MongoKind[] {
  const java = builtFolderOf('mongo-java-server');
  return [
    imitation('ferretdb', true, (port, folder) => [join(builtFolderOf('ferretdb'), 'ferretdb'), String(port), folder]),
    imitation('mongo-java-server', false, (port) => [
      'java',
      // A server for one test needs neither a large heap nor the better compiler, which take time to begin.
      '-Xshare:auto',
      '-XX:TieredStopAtLevel=1',
      '-Xmx512m',
      '-cp',
      `${java}:${java}/lib/*`,
      'Serve',
      String(port),
    ]),
    ...realKinds(),
  ];
}

/** In the titles of suites. */
export function lackOf({ lack }: MongoKind): string {
  return lack === null ? '' : ` (skipped: ${lack})`;
}

function imitation(name: string, isDurable: boolean, commandOf: CommandOf): MongoKind {
  const isBuilt = existsSync(join(builtFolderOf(name), servers.get(name)?.program ?? ''));
  const lack = isBuilt ? null : `${name} is not built; node test/support/mongo/build.mjs does that`;
  if (lack !== null && isRequired('mongo')) throw new Error(`${lack}, and MCPVISOR_REQUIRE names mongo`);
  return { name, lack, isDurable, start: () => startServer(commandOf) };
}

/** `MONGODB_URL`, or `mongod` on the PATH. */
function realKinds(): readonly MongoKind[] {
  const url = process.env.MONGODB_URL;
  if (url !== undefined && url !== '')
    return [{ name: 'MONGODB_URL', lack: null, isDurable: false, start: async () => given(url) }];
  const program = findProgram('mongod');
  if (program === null) return [];
  const commandOf: CommandOf = (port, folder) => [
    program,
    '--bind_ip=127.0.0.1',
    `--port=${port}`,
    `--dbpath=${folder}`,
  ];
  return [{ name: 'mongod', lack: null, isDurable: true, start: () => startServer(commandOf) }];
}

function given(url: string): MongoServer {
  return { url, restart: () => Promise.reject(new Error('It is not ours to end.')), close: async () => {} };
}

async function startServer(commandOf: CommandOf): Promise<MongoServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-mongo-'));
  const port = await freePort();
  let running = await launch(commandOf(port, folder));
  const end = async (signal: NodeJS.Signals) => {
    const { exitCode, signalCode } = running;
    if (exitCode !== null || signalCode !== null) return;
    running.kill(signal);
    await once(running, 'exit');
  };
  return {
    url: `mongodb://127.0.0.1:${port}/`,
    async restart(signal, whileAway) {
      await end(signal);
      await whileAway?.();
      running = await launch(commandOf(port, folder));
    },
    async close() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when it has said that it listens. */
async function launch([program = '', ...args]: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  // It ends with us, by the end of this pipe, which need not be there any more when it does.
  child.stdin.on('error', () => {});
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (/mongodb:\/\/|Waiting for connections/.test(line)) {
      child.stdout.resume();
      return child;
    }
  }
  throw new Error(`${program} ended before it listened: ${said.join('\n')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
