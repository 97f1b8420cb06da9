/**
 * The program of the client process: `node client-process.js STATE_DIR`. It is started by a control plane, holds its
 * sessions, and outlives it for a while. What it writes on stdout is its log; on the channel to its parent it says once
 * that it listens.
 */

import { tmpdir } from 'node:os';
import { serveClientProcess } from './session/isolated/far/serve.ts';
import { wordsOf } from './text/error-words.ts';

const log = (line: string) => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);

async function main([stateDir]: readonly string[]): Promise<void> {
  if (stateDir === undefined) throw new Error('usage: client-process STATE_DIR');
  const holder = await serveClientProcess({
    stateDir,
    temporary: tmpdir(),
    pid: process.pid,
    onEnd: () => process.exit(0),
    log,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void holder.end(signal));
  // The terminal that it was started from is no concern of its sessions.
  process.on('SIGHUP', () => {});
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${error.stack ?? String(error)}\n`);
    holder.killAllNow();
    process.exit(1);
  });
  process.send?.('listening', () => {
    if (process.connected) process.disconnect();
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`The client process cannot start: ${wordsOf(error)}\n`);
  process.exit(1);
});
