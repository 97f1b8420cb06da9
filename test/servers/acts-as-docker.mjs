/**
 * As much of `docker` as a server in a container needs. `run` starts a process that is no descendant in any way that
 * can be seen (its own session, an empty environment), writes its id, and speaks for it (tool `container`: its pid);
 * `inspect` and `kill` take the id. The first words of the container: `ignores-sigterm` makes it deaf to SIGTERM.
 */

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { speak } from './speak.mjs';

const args = process.argv.slice(2);
const verb = args.find((word) => ['run', 'inspect', 'kill', 'be-a-container'].includes(word));
const pidOf = (id) => Number.parseInt(id, 16);

function isRunning(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}

function refuse(id) {
  process.stderr.write(`Error: No such container: ${id}\n`);
  process.exit(1);
}

function run() {
  const own = [fileURLToPath(import.meta.url), 'be-a-container', ...args.slice(args.indexOf('run') + 1)];
  const container = spawn(process.execPath, own, { detached: true, stdio: 'ignore', env: {} });
  container.unref();
  const named = args.findIndex((word) => word.startsWith('--cidfile'));
  const file = args[named]?.split('=')[1] ?? args[named + 1];
  // As the real one, which refuses a file that is there.
  if (named >= 0) writeFileSync(file, container.pid.toString(16).padStart(64, '0'), { flag: 'wx' });
  speak({ tools: { container: { description: 'The id of the process', call: () => String(container.pid) } } });
}

if (verb === 'be-a-container') {
  setInterval(() => {}, 60_000);
  if (args.includes('ignores-sigterm')) process.on('SIGTERM', () => {});
} else if (verb === 'run') {
  run();
} else {
  const id = args.at(-1);
  if (!isRunning(pidOf(id))) refuse(id);
  if (verb === 'inspect') process.stdout.write(`${pidOf(id)}\n`);
  else process.kill(pidOf(id), `SIG${args[args.indexOf('--signal') + 1]}`);
}
