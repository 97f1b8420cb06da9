/** A program that listens on a port, in a process group of its own, which is killed as a whole. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { until } from '../support/processes.ts';
import type { Command } from './programs.ts';

/** Python programs of this size take ten seconds and more to start on a busy machine. */
const startPatienceMs = 90_000;

export interface Listener {
  /** Kills the group, and resolves when the program is gone. */
  kill(): Promise<void>;
}

/** Resolves when the program accepts connections; rejects with its last words when it ended instead. */
export async function startListener({ command, args }: Command, port: number): Promise<Listener> {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  await once(child, 'spawn');
  const closed = once(child, 'close');
  let words = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      words = `${words}${text}`.slice(-2_000);
    });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const killGroup = () => {
    if (child.pid !== undefined && !hasEnded()) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', killGroup);
  const listener: Listener = {
    async kill() {
      killGroup();
      await closed;
      process.off('exit', killGroup);
    },
  };
  await until(`${command} listens`, async () => hasEnded() || (await accepts(port)), startPatienceMs).catch(() => {});
  if (!hasEnded() && (await accepts(port))) return listener;
  await listener.kill();
  throw new Error(`it did not listen on its port; its last words: ${words.trim()}`);
}

/** A port that was free a moment ago: programs of others cannot tell which one they chose themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}
