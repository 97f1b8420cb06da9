/** Spawns a server, and explains why that failed. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { type Failure, failure } from '../../../machines/failure.ts';
import { troubleOf } from '../../surroundings.ts';
import { systemCodeOf } from '../../system-error.ts';
import { wordsOf } from '../../text/error-words.ts';
import { type Command, programFilesOf, searchPathOf } from './command.ts';

export interface SpawnRequest extends Command {
  readonly args: readonly string[];
}

/**
 * Spawns without a shell, as leader of its own process group and session. Throws, or emits `error`; `spawnFailureOf`
 * explains both.
 */
export function spawnServer({ command, args, env, cwd }: SpawnRequest): ChildProcessWithoutNullStreams {
  return spawn(command, args, {
    cwd,
    env: { ...env },
    detached: true,
    shell: false,
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/**
 * `spawnFailed`, or `shortage` if the machine had no room for another process, with the system's code. If the system
 * refused to spawn, the message says what is missing where; other errors with the same codes have other reasons.
 */
export function spawnFailureOf(error: unknown, request: SpawnRequest): Failure {
  const code = systemCodeOf(error);
  const trouble = troubleOf(error);
  if (trouble?.kind === 'shortage') {
    const message = `The server could not be started: ${trouble.reason}.`;
    return failure('shortage', message, { phase: 'spawning', code });
  }
  const wording = isRefusedSpawn(error) ? wordingOf(code, request) : null;
  const message = wording ?? wordsOf(error);
  return failure('spawnFailed', message, { phase: 'spawning', code });
}

/** Node names the system call, followed by the command. */
function isRefusedSpawn(error: unknown): boolean {
  return (
    error instanceof Error && 'syscall' in error && typeof error.syscall === 'string' && /^spawn\b/.test(error.syscall)
  );
}

/** The system names the command in its error even if the folder was at fault, so the folder is checked first. */
function wordingOf(code: string | null, request: SpawnRequest): string | null {
  if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'ENOTDIR') return null;
  const { command, cwd } = request;
  const folder = problemOfFolder(cwd);
  if (folder !== null) return folder;
  if (!command.includes('/')) {
    const path = searchPathOf(request);
    if (code === 'EACCES') return `The command "${command}" was found in PATH (${path}), but may not be executed.`;
    const words = /\s/.test(command) ? ' No shell is used: the words after the first go into args.' : '';
    return `The command "${command}" was not found in PATH (${path}).${words}`;
  }
  const [file] = programFilesOf(request);
  if (code === 'EACCES') return `The command "${command}" may not be executed: ${file} is not an executable file.`;
  return isThere(file)
    ? `The command "${command}" cannot be run: ${problemOfFirstLine(file)}.`
    : `The command "${command}" does not exist: there is no file ${file}.`;
}

/** An interpreter's name is shorter, on every system. */
const longestFirstLine = 4_096;

function problemOfFirstLine(file: string): string {
  return /^#![^\r\n]*\r/.test(beginningOf(file))
    ? `the first line of ${file} ends as lines do on Windows, which makes the end a part of the interpreter's name`
    : `the interpreter that ${file} names in its first line does not exist`;
}

function beginningOf(file: string): string {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(longestFirstLine);
      return bytes.toString('latin1', 0, readSync(descriptor, bytes));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Nothing is known of it then.
    return '';
  }
}

function problemOfFolder(cwd: string): string | null {
  try {
    if (!statSync(cwd).isDirectory()) return `"${cwd}" (cwd) is not a folder.`;
    accessSync(cwd, constants.X_OK);
    return null;
  } catch (error) {
    return systemCodeOf(error) === 'EACCES'
      ? `The folder "${cwd}" (cwd) may not be entered.`
      : `The folder "${cwd}" (cwd) does not exist.`;
  }
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    // False is the answer.
    return false;
  }
}
