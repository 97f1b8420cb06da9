/** Whether the port is free, and who has it if not. */

import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Running } from '../../../state-directory/running.ts';
import { socketsOf, tcpSocketsNear } from '../../../tcp-sockets.ts';
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
  const socket = tcpSocketsNear(process.pid).find((one) => one.state === 'listening' && one.port === port);
  if (socket === undefined) return null;
  try {
    const pid = readdirSync('/proc').find(
      (entry) => /^\d+$/.test(entry) && socketsOf(Number(entry)).includes(socket.inode),
    );
    return pid === undefined ? null : `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`;
  } catch {
    // It has just ended, or there is no `/proc`: that the port is taken is told all the same.
    return null;
  }
}
