/**
 * `mcpvisor up --detach`: starts this program again in the background and waits until its API answers, or it has ended.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { constants, type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { descriptorIn, isGivenPipe } from '../../../config/file/text-file.ts';
import { McpvisorError } from '../../../errors.ts';
import { isAlive } from '../../../session/process/identity.ts';
import { openStateDirectory } from '../../../state-directory/directory.ts';
import { findRunning, type Running } from '../../../state-directory/running.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { writeError } from '../../screen/error-output.ts';
import { daemonLogPath, maxLogBytes } from './daemon-log.ts';
import { lastLinesOf } from './log-tail.ts';

export interface DetachOptions {
  readonly stateDir: string;
  /** Path of the configuration, if one was named. */
  readonly config: string | null;
  readonly asJson: boolean;
}

const checkMs = 50;

/** It answers within a second, unless it has to end first what an earlier run left behind. */
const usualStartMs = 120_000;

/** Throws `STATE_DIRECTORY_UNUSABLE`, `ALREADY_RUNNING`, `NOT_STARTED`. */
export async function detach({ stateDir, config, asJson }: DetachOptions, invocation: Invocation): Promise<ExitCode> {
  const { stdout, stderr } = invocation;
  await openStateDirectory(stateDir, invocation.uid);
  refuseSecond(await findRunning(stateDir, isAlive), stateDir);
  const path = daemonLogPath(stateDir);
  const log = await openLog(path);
  try {
    const { size: begin } = await log.stat();
    const child = startAgain(log.fd, config, invocation);
    const { startMs: timeoutMs = usualStartMs } = invocation;
    const ending = await untilAnswers(child, stateDir, timeoutMs);
    if (ending === 'late') throw new McpvisorError('NOT_STARTED', { pid: child.pid ?? null, log: path, timeoutMs });
    if (ending === null) {
      const found = await findRunning(stateDir, isAlive);
      const url = found.state === 'running' ? found.address.url : null;
      stdout.write(
        asJson
          ? `${JSON.stringify({ url, pid: child.pid, log: path })}\n`
          : `Listening on ${url} (pid ${child.pid}, log in ${path}).\n`,
      );
      return exitCodes.done;
    }
    // Another one started first.
    if (ending.exitCode === exitCodes.alreadyRunning) refuseSecond(await findRunning(stateDir, isAlive), stateDir);
    writeError(
      new McpvisorError('START_FAILED', { ...ending, log: path, lines: await lastLinesOf(path, begin) }),
      stderr,
      asJson,
    );
    return (
      Object.values(exitCodes).find((code) => code === ending.exitCode && code !== exitCodes.done) ?? exitCodes.failed
    );
  } finally {
    await log.close();
  }
}

function refuseSecond(found: Running, stateDir: string): void {
  // A lock that says nothing is for the process that starts: it takes over a damaged one, and says of another why not.
  if (found.state === 'running' || found.state === 'between')
    throw new McpvisorError('ALREADY_RUNNING', { pid: found.owner.pid, stateDir });
}

async function openLog(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // There may be none yet. What else is wrong with it, opening it says.
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size > maxLogBytes) await rename(path, `${path}.1`);
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const log = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  await log.chmod(0o600);
  return log;
}

/** The same arguments without `--detach` and `--json`, in a session of its own: closing the terminal ends nothing. */
function startAgain(log: number, config: string | null, invocation: Invocation): ChildProcess {
  const {
    program: [runtime = '', ...before],
    argv,
    cwd,
    env,
  } = invocation;
  const words = argv.filter((word) => word !== '--detach' && word !== '--json');
  const isStdin = config !== null && descriptorIn(config) === 0 && isGivenPipe(config);
  const child = spawn(runtime, [...before, ...words], {
    cwd,
    env: { ...env, MCPVISOR_DETACH: '' },
    detached: true,
    stdio: [isStdin ? 'inherit' : 'ignore', log, log],
  });
  child.unref();
  return child;
}

interface ChildEnding {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** How the child ended; null: its API answers; `late`: neither within the time. */
async function untilAnswers(
  child: ChildProcess,
  stateDir: string,
  timeoutMs: number,
): Promise<ChildEnding | 'late' | null> {
  const deadlineMs = performance.now() + timeoutMs;
  let ending: ChildEnding | null = null;
  child.once('exit', (exitCode, signal) => {
    ending = { exitCode, signal };
  });
  child.once('error', () => {
    ending = { exitCode: null, signal: null };
  });
  for (;;) {
    if (ending !== null) return ending;
    const found = await findRunning(stateDir, isAlive);
    // The file with its address is written when the API answers.
    if (found.state === 'running' && found.owner.pid === child.pid) return null;
    if (performance.now() >= deadlineMs) return 'late';
    await delay(checkMs);
  }
}
