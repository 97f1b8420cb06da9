/** Commands of the command line, run in this process against what is at a URL, with little patience. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Invocation } from '../../../src/cli/invocation.ts';
import { runCommandLine } from '../../../src/cli/program.ts';
import { createScreen } from '../../../src/cli/screen/screen.ts';
import type { Patience } from '../../../src/http/client/patience.ts';
import { createScratchFolder } from '../scratch-folder.ts';

export const patience = { answerMs: 60, marginMs: 50, silenceMs: 90 };

export interface Ended {
  readonly code: number;
  readonly errors: string;
}

/** Runs a command in this process against what is at the URL. */
export function command(url: string, ...words: readonly string[]): Promise<Ended> {
  return commandWithin(patience, url, ...words);
}

export async function commandWithin(given: Patience, url: string, ...words: readonly string[]): Promise<Ended> {
  const folder = createScratchFolder();
  const config = join(folder, 'mcp.json');
  writeFileSync(config, '{"mcpServers": {}}');
  const argv = [...words, '--url', url, '--json'];
  return await commandIn(folder, { argv, env: { MCPVISOR_CONFIG: config }, patience: given });
}

/** Runs a command in this process and in that folder, with what else is given. */
export async function commandIn(
  folder: string,
  given: Pick<Invocation, 'argv'> & Partial<Pick<Invocation, 'env' | 'patience' | 'program' | 'startMs'>>,
): Promise<Ended> {
  let errors = '';
  const stderr = new PassThrough().on('data', (chunk) => {
    errors += String(chunk);
  });
  const { signal } = new AbortController();
  const code = await runCommandLine({
    program: [],
    env: {},
    cwd: folder,
    home: folder,
    uid: process.getuid?.() ?? 0,
    pid: process.pid,
    platform: 'linux',
    version: '0.0.0',
    nodeVersion: process.version,
    stdin: new PassThrough(),
    stdout: createScreen(new PassThrough().resume()),
    stderr: createScreen(stderr),
    stay: () => ({ signal, atOnce: signal }),
    ...given,
  });
  return { code, errors };
}

/** Every command that asks a control plane for something. */
export const commands = [
  'status',
  'status --tree',
  'status --watch',
  'start one --timeout 20',
  'stop --all --timeout 20',
  'restart one --timeout 20',
  'retry one --no-wait',
  'reset one --timeout 20',
  'ensure one --timeout 20',
  'tools',
  'tools one',
  'call one echo',
  'call one echo message=hi',
  'call one echo --timeout 20',
  'logs one',
  'logs one -f',
  'events',
  'events -f',
  'plan',
  'down --timeout 20',
];
