/** `mcpvisor up`: a control plane in the foreground, until it is told to end. */

import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { type Daemon, runDaemon } from '../daemon.ts';
import { McpvisorError } from '../errors.ts';
import { findStateDirectory } from '../state-directory/directory.ts';
import { findConfigFile } from './config-file.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import type { Invocation } from './invocation.ts';
import { toUpSettings, type UpFlags } from './up-settings.ts';

export async function up(flags: UpFlags, invocation: Invocation): Promise<ExitCode> {
  const { cwd, env, uid, pid, platform, stdout, stderr } = invocation;
  if (platform === 'win32') {
    throw new McpvisorError('NOT_AVAILABLE', { what: 'Running servers on Windows', instead: 'use the Windows Subsystem for Linux.' });
  }
  const settings = toUpSettings({ flags, env, isTerminal: stdout.isTTY === true });
  const config = settings.config === null ? await findConfigFile(invocation) : resolve(cwd, settings.config);
  const stateDir = settings.stateDir === null ? await findStateDirectory(invocation) : resolve(cwd, settings.stateDir);
  const tokenFile = settings.tokenFile === null ? null : resolve(cwd, settings.tokenFile);

  let daemon: Daemon | null = null;
  const { signal, atOnce } = invocation.stay((bug) => {
    if (daemon === null) {
      stderr.write(`A bug in mcpvisor, please report it: ${inspect(bug)}\n`);
    } else {
      daemon.report(bug);
    }
  });
  // By its descriptor, where it has one: the stream would hold up everything while a pipe is full.
  const log = stdout.fd ?? stdout;
  daemon = await runDaemon({ ...settings, config, stateDir, tokenFile, env, uid, pid, stdout: log, atOnce, now: Date.now }, signal);
  await daemon.closed;
  return exitCodes.done;
}
