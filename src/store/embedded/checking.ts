/**
 * Has a store read whole by a process that may die of it: a damaged file makes LevelDB and LMDB abort the process they
 * are in, or crash it.
 */

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { wordsOf } from '../../text/error-words.ts';
import { StoreError } from '../error.ts';
import type { EmbeddedKind } from './adapter.ts';
import type { CheckOutcome } from './check.ts';

/** Many times what reading 200 MB takes, in milliseconds. */
const longestMs = 120_000;
/** Of what the process says, in characters. */
const mostWords = 4_000;

/** Throws `StoreError` if it is not whole, or if that cannot be found out. */
export async function checkInChild(kind: EmbeddedKind, folder: string): Promise<void> {
  const { said, complaint, exitCode, signal } = await runCheck(kind, folder);
  if (signal === 'SIGKILL')
    throw new StoreError('unavailable', `the process that read it was killed, or took more than ${longestMs} ms`);
  if (signal !== null)
    throw new StoreError('corrupt', `reading it ended a process with ${signal}${complaint && `: ${complaint}`}`);
  if (exitCode !== 0)
    throw new StoreError('unavailable', `the process that read it ended with exit code ${exitCode}: ${complaint}`);
  const outcome = JSON.parse(said) as CheckOutcome;
  if (outcome !== null) throw new StoreError(outcome.trouble, outcome.message);
}

interface Ended {
  readonly said: string;
  /** The last line on stderr. */
  readonly complaint: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

function runCheck(kind: EmbeddedKind, folder: string): Promise<Ended> {
  const program = join(
    dirname(createRequire(import.meta.url).resolve('mcpvisor/package.json')),
    'dist/src/store-check.js',
  );
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown) =>
      reject(
        new StoreError('unavailable', `no process can be started to read it: ${wordsOf(error)}`, { cause: error }),
      );
    const child = spawn(process.execPath, [program, kind, folder], {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: longestMs,
      killSignal: 'SIGKILL',
    });
    let said = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = `${complaint}${text}`.slice(-mostWords);
    });
    child.once('error', refuse);
    child.once('close', (exitCode, signal) =>
      resolve({ said, complaint: complaint.trim().split('\n').at(-1) ?? '', exitCode, signal }),
    );
  });
}
