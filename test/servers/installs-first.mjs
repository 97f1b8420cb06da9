/**
 * Answers only when it has installed itself, as package runners do. Arguments: how it works meanwhile (`network`,
 * `trickle`, `disk`, `cpu`, `children`, `stderr`, or, for ever, `nothing` or `stall`), and for how long in milliseconds (3 000).
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { speak } from './speak.mjs';

const [how, ms = '3000'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-installs-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A registry that sends 4 KiB in a while. */
function serve() {
  const registry = createServer((_, answer) => void setInterval(() => answer.write('x'.repeat(4_096)), 100));
  registry.listen(0, '127.0.0.1', () =>
    get({ port: registry.address().port, host: '127.0.0.1' }, (answer) => answer.resume()),
  );
}

/** One that sends a few bytes at a time. */
function trickle() {
  const registry = createServer((_, answer) => void setInterval(() => answer.write('x'), 40));
  registry.listen(0, '127.0.0.1', () =>
    get({ port: registry.address().port, host: '127.0.0.1' }, (answer) => answer.resume()),
  );
}

/** A connection over which nothing comes. */
function stall() {
  const registry = createServer(() => {});
  registry.listen(0, '127.0.0.1', () => get({ port: registry.address().port, host: '127.0.0.1' }));
  setInterval(() => {}, 60_000);
}

function burn() {
  const until = Date.now() + 60;
  while (Date.now() < until);
}

const work = {
  network: serve,
  trickle,
  stall,
  disk: () => setInterval(() => writeFileSync(join(folder, 'part'), 'x'.repeat(4_096)), 100),
  cpu: () => setInterval(burn, 100),
  children: () => setInterval(() => spawn('/bin/true', { stdio: 'ignore' }), 100),
  stderr: () => setInterval(() => process.stderr.write('.\n'), 100),
  nothing: () => {},
};
work[how]?.();
setTimeout(() => (how === 'nothing' || how === 'stall' ? null : speak({ onEnd: () => process.exit(0) })), Number(ms));
if (how === 'nothing') setInterval(() => {}, 60_000);
