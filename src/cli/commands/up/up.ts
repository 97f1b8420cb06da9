/** `mcpvisor up`: a control plane in the foreground, until it is told to end, or one in the background. */

import { basename, resolve } from 'node:path';
import { inspect } from 'node:util';
import { type Daemon, runDaemon } from '../../../daemon.ts';
import { McpvisorError } from '../../../errors.ts';
import { recordsOf } from '../../../state-directory/directory.ts';
import { acquaintanceWith, foundName, remember } from '../../../state-directory/known.ts';
import { findConfigFile } from '../../config-file.ts';
import { stateDirectoryOf } from '../../connection.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { fromLog } from '../../screen/drawn.ts';
import { createLiveTable } from '../../screen/live-table.ts';
import { plain, terminalOf } from '../../screen/terminal.ts';
import { daemonLogBehind } from './daemon-log.ts';
import { detach } from './detach.ts';
import { replaceRunning } from './replace.ts';
import { toUpSettings, type UpFlags } from './settings.ts';
import { holdYoungGeneration } from './young-generation.ts';

/** In the state directory. */
const defaultStore = 'level:';

/** Servers that take longer do not keep the heap small, in milliseconds. */
const startsWithinMs = 10_000;

export async function up(flags: UpFlags, invocation: Invocation): Promise<ExitCode> {
  const { cwd, env, uid, pid, platform, stdout, stderr } = invocation;
  if (platform === 'win32') {
    throw new McpvisorError('NOT_AVAILABLE', {
      what: 'Running servers on Windows',
      instead: 'use the Windows Subsystem for Linux.',
    });
  }
  const settings = toUpSettings({ flags, env, isTerminal: stdout.isTTY === true });
  const stateDir = await stateDirectoryOf(
    settings.stateDir === null ? {} : { stateDir: settings.stateDir },
    invocation,
  );
  const config = settings.config === null ? await findConfigFile(invocation) : resolve(cwd, settings.config);
  if (settings.replace) await replaceRunning({ stateDir, config, settings }, invocation);
  if (settings.detach)
    return await detach({ stateDir, config: settings.config, asJson: flags.json === true }, invocation);
  const tokenFile = settings.tokenFile === null ? null : resolve(cwd, settings.tokenFile);

  let daemon: Daemon | null = null;
  const { signal, atOnce } = invocation.stay((bug) => {
    if (daemon === null) {
      stderr.write(`A bug in mcpvisor, please report it: ${inspect(bug)}\n`);
    } else {
      daemon.report(bug);
    }
  });
  const terminal = terminalOf(stdout, env);
  const isWatched =
    stdout.isTTY === true && stdout.fd !== undefined && settings.logFormat === 'pretty' && env.TERM !== 'dumb';
  const table = isWatched ? createLiveTable({ stdout, fd: stdout.fd ?? 1, env }) : null;
  // By its descriptor, if it has one: with a stream, a full pipe would block everything.
  const log = table?.log ??
    (await daemonLogBehind(stdout.fd, stateDir)) ??
    stdout.fd ?? { write: (line: string) => stdout.draw(fromLog(line)) };
  const colors = terminal.paint !== plain;
  const letGrow = holdYoungGeneration();
  const records = recordsOf(invocation);
  // A directory of another name is never found, only named, and so vouched for by who named it.
  const { isKnown, flaw } =
    basename(stateDir) === foundName ? acquaintanceWith(stateDir, records) : { isKnown: true, flaw: null };
  if (flaw !== null) stderr.write(`The tokens in ${stateDir} are replaced, since it may not be ours: ${flaw}.\n`);
  try {
    daemon = await runDaemon(
      {
        ...settings,
        store: settings.store ?? defaultStore,
        config,
        stateDir,
        isKnown,
        tokenFile,
        env,
        uid,
        pid,
        colors,
        stdout: log,
        atOnce,
        now: Date.now,
      },
      signal,
    );
    if (daemon === null) return exitCodes.done;
    await remember(stateDir, records);
    table?.show(daemon.supervisor);
    // It never rejects.
    void daemon.supervisor.ready({ timeoutMs: startsWithinMs }).then(letGrow);
    const failure = await daemon.closed;
    if (failure !== null) throw failure;
    return exitCodes.done;
  } finally {
    await table?.close();
  }
}
