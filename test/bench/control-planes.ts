/** Two control planes as a person starts them, each a process of its own: our command, and mcp-hub from npm. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from './peers.ts';

/** What one needs to know in order to start it. */
export interface Place {
  readonly folder: string;
  readonly home: string;
  readonly config: string;
  readonly port: number;
}

export interface ControlPlane {
  /** Puts into the folder what it finds there from its second start on. */
  readonly prepare: (place: Place) => Promise<void>;
  /** For Node. */
  readonly args: (place: Place) => readonly string[];
  /** Answers 200 from the first moment on. */
  readonly path: string;
  readonly token: string;
  /** How many servers are connected, read off the answer. */
  readonly readyIn: (answer: never) => number;
}

const command = fileURLToPath(new URL('../../dist/src/bin.js', import.meta.url));
const token = 'a-token-for-the-bench';

export async function prepareOurs(): Promise<ControlPlane> {
  if (!existsSync(command)) throw new Error('there is no command: run npm run build');
  const tokenFile = ({ folder }: Place) => join(folder, 'given-token');
  return {
    prepare: async (place) => await writeFile(tokenFile(place), token, { mode: 0o600 }),
    args(place) {
      const { folder, config, port } = place;
      const flags = { config, 'state-dir': join(folder, 'state'), 'token-file': tokenFile(place), port };
      return [command, 'up', ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)];
    },
    path: '/api/status',
    token,
    readyIn: ({ counts }: { readonly counts: Readonly<Record<string, number>> }) => counts.connected ?? 0,
  };
}

const peer = 'mcp-hub';
const peerVersion = '4.2.1';

/** Installed once for all variants, apart from this package: nothing here depends on it. */
export async function prepareMcpHub(): Promise<ControlPlane> {
  const folder = join(tmpdir(), `mcpvisor-bench-${peer}-${peerVersion}`);
  if (!existsSync(folder)) await install(folder);
  const program = join(folder, 'node_modules', peer, 'dist/cli.js');
  return {
    // Without a fresh copy of its catalog it fetches that before anything else, or waits until it could not.
    async prepare({ home }) {
      const cache = join(home, '.local/share/mcp-hub/cache');
      await mkdir(cache, { recursive: true });
      const registry = { version: '1', servers: [{ id: 'one', name: 'one', url: 'https://example.com' }] };
      const catalog = { registry, lastFetchedAt: Date.now(), serverDocumentation: {} };
      await writeFile(join(cache, 'registry.json'), JSON.stringify(catalog));
    },
    args: ({ config, port }) => [program, '--config', config, '--port', String(port)],
    path: '/api/health',
    token,
    readyIn: ({ servers }: { readonly servers: readonly { readonly status: string }[] }) =>
      servers.filter(({ status }) => status === 'connected').length,
  };
}

async function install(folder: string): Promise<void> {
  const draft = await mkdtemp(`${folder}-`);
  const npm = spawn('npm', ['install', '--silent', '--no-save', '--prefix', draft, `${peer}@${peerVersion}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve, reject) => npm.once('close', resolve).once('error', reject));
  if (code !== 0) throw new Error(`npm could not install ${peer}@${peerVersion}`);
  await rename(draft, folder);
}

/** A configuration that both take, and a port that was free a moment ago. The folder goes with `remove`. */
export async function preparePlace(
  mcpServers: Readonly<Record<string, unknown>>,
): Promise<Place & { readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpvisor-bench-'));
  const home = join(folder, 'home');
  const config = join(folder, 'mcp.json');
  await mkdir(home);
  await writeFile(config, JSON.stringify({ mcpServers }));
  return { folder, home, config, port: await freePort(), remove: () => rm(folder, { recursive: true, force: true }) };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** As a shell would start it, its output thrown away; neither sees settings of the person's own. */
export function start({ args }: ControlPlane, place: Place): ChildProcess {
  const { folder, home } = place;
  return spawn(process.execPath, args(place), { cwd: folder, env: { ...environment, HOME: home }, stdio: 'ignore' });
}
