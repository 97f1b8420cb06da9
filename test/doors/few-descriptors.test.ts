/** A control plane with 256 descriptors, as macOS gives by default, and a server that never ends the stream of an answer. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createScratchFolder } from '../support/scratch-folder.ts';

const program = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Starts a program in a shell with a limit; resolves with the first line of its output. */
async function start(command: string, args: readonly string[], cwd: string) {
  const child = spawn('/bin/sh', ['-c', `${command} exec "$0" "$@"`, process.execPath, ...args], {
    cwd,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  child.stdout.resume();
  return { child, line: line.trim() };
}

/** The limit is of shells, and descriptors are counted, on Linux. */
const isLinux = process.platform === 'linux';

describe.skipIf(!isLinux)('a control plane with few descriptors', () => {
  it('answers 2 000 calls to a server that holds every stream, and those to 20 others meanwhile', async () => {
    const folder = createScratchFolder();
    const speaker = program('../servers/speaks-over-http.mjs');
    const [leaking, sound] = await Promise.all([
      start('', [speaker, 'leaks'], folder),
      start('', [speaker, 'json'], folder),
    ]);
    const local = { command: process.execPath, args: [program('../servers/speak.mjs')] };
    const others = Array.from({ length: 20 }, (_, index) => [
      `other-${index}`,
      index < 10 ? { url: sound.line } : local,
    ]);
    writeFileSync(
      join(folder, 'mcp.json'),
      JSON.stringify({ mcpServers: { leaky: { url: leaking.line }, ...Object.fromEntries(others) } }),
    );
    const { child, line } = await start(
      'ulimit -n 256 &&',
      [program('../support/few-descriptors-host.mjs'), folder],
      folder,
    );
    expect(line).toBe('ready');
    const outcome = new Promise<string>((resolve) => child.stdout.once('data', resolve));
    let most = 0;
    const watching = setInterval(() => {
      most = Math.max(most, readdirSync(`/proc/${child.pid}/fd`).length);
    }, 50);
    onTestFinished(() => clearInterval(watching));
    expect(JSON.parse(await outcome)).toEqual({ answered: 2_000, answeredByOthers: 2_000, failed: [] });
    expect(most).toBeLessThan(256);
  }, 240_000);
});
