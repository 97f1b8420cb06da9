/**
 * Starts a process in a session of its own, with nothing of ours open and out of reach of signals to the group, and
 * forgets it (tool `daemon`: its id). Arguments: `ignores-sigterm` makes it deaf to SIGTERM.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { speak } from './speak.mjs';

const [how, ...rest] = process.argv.slice(2);
if (how === 'daemon') {
  setInterval(() => {}, 60_000);
  if (rest.includes('ignores-sigterm')) process.on('SIGTERM', () => {});
  writeSync(1, 'ready');
  closeSync(1);
} else {
  const args = [fileURLToPath(import.meta.url), 'daemon', ...process.argv.slice(2)];
  const daemon = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  daemon.unref();
  // Its id is told to those who will end it: by then it is as deaf as it was told to be.
  await once(daemon.stdout, 'data');
  daemon.stdout.destroy();
  speak({ tools: { daemon: { description: 'The id of the daemon', call: () => String(daemon.pid) } } });
}
