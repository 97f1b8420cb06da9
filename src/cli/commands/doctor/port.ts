/** Whether the port is free, and who has it if not. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Running } from '../../../state-directory/running.ts';
import { type Finding, ok, problem } from './finding.ts';

export interface PortQuestion {
  readonly host: string;
  readonly port: number;
  readonly running: Running;
}

export async function checkPort({ host, port, running }: PortQuestion): Promise<Finding> {
  const check = 'port';
  if (port === 0) return ok(check, 'any free one is taken');
  const code = await tryPort(host, port);
  if (code === null) return ok(check, `${port} of ${host} is free`);
  if (code !== 'EADDRINUSE')
    return problem(check, `${port} of ${host} cannot be listened on (${code})`, 'give another with --host or --port');
  if (running.state === 'running' && portOf(running.address.url) === port)
    return ok(check, `${port} is our own control plane's (pid ${running.owner.pid})`);
  return problem(
    check,
    `${port} of ${host} is taken by ${listenerOn(port) ?? 'another program'}`,
    'end that, or give another port with --port (0: any free one)',
  );
}

/** The system's error code; null: the port is free. */
function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** `node (pid 4711)`. Null: it belongs to somebody else, or this system has no `/proc`. */
function listenerOn(port: number): string | null {
  const socket = socketOn(port);
  if (socket === null) return null;
  const pid = readdirOf('/proc').find(
    (entry) =>
      /^\d+$/.test(entry) && readdirOf(`/proc/${entry}/fd`).some((fd) => linkOf(`/proc/${entry}/fd/${fd}`) === socket),
  );
  return pid === undefined ? null : `${textOf(`/proc/${pid}/comm`).trim()} (pid ${pid})`;
}

/** State of a socket that listens, in `/proc/net/tcp`. */
const listening = '0A';

function socketOn(port: number): string | null {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => textOf(file).split('\n').slice(1))
    .map((row) => row.trim().split(/\s+/));
  const inode = rows.find(([, local = '', , state]) => local.endsWith(suffix) && state === listening)?.[9];
  return inode === undefined ? null : `socket:[${inode}]`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Gone, or not ours to read.
    return '';
  }
}

function readdirOf(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    // Gone, or not ours to read.
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed meanwhile.
    return '';
  }
}
