#!/usr/bin/env node
/** The program: the only file that reads argv, environment and signals, and that sets the exit code. */

import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Endings, Invocation } from './cli/invocation.ts';
import { runCommandLine } from './cli/program.ts';
import { createScreen } from './cli/screen/screen.ts';
import { version } from './version.ts';

/** npm and some terminals deliver one Ctrl-C twice: a second one within this time is the same. */
const sameCtrlCMs = 500;

const invocation: Invocation = {
  argv: process.argv.slice(2),
  program: [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)],
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  uid: process.getuid?.() ?? -1,
  pid: process.pid,
  platform: process.platform,
  version,
  nodeVersion: process.version,
  stdin: process.stdin,
  stdout: createScreen(process.stdout),
  stderr: createScreen(process.stderr),
  stay,
};

// The reader of our output may go away first (`| head`, a closed terminal). That is no reason to end the servers.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.exit(await runCommandLine(invocation));

function stay(onError: (error: unknown) => void): Endings {
  const asked = new AbortController();
  const atOnce = new AbortController();
  let askedMs: number | null = null;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const nowMs = performance.now();
      if (askedMs === null) {
        askedMs = nowMs;
        asked.abort();
      } else if (name === 'SIGINT' && nowMs - askedMs >= sameCtrlCMs) {
        atOnce.abort();
        process.exit(1);
      }
    });
  }
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  return { signal: asked.signal, atOnce: atOnce.signal };
}
