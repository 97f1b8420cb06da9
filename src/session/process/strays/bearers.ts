/**
 * The processes of this machine that bear a mark, from `/proc`. Elsewhere none are found: the system does not show the
 * environment of processes, or only with a program of its own.
 */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isShortage } from '../../../surroundings.ts';
import { startTimeIn } from '../identity.ts';
import { allPids, hasProc, statOf } from '../stat.ts';
import { type Mark, markName, parseMark } from './mark.ts';

export interface Bearer {
  readonly pid: number;
  readonly startTime: string;
  readonly mark: Mark;
}

type IsWanted = (mark: Mark) => boolean;

/** Processes read before the event loop gets its turn: about a millisecond. */
const pieceSize = 32;

/** The mark is put first, but a shell sorts its variables as it likes: so much of an environment is searched. */
const maxEnvironmentBytes = 128 * 1024;

const searched = Buffer.from(`${markName}=`);

/** One pass over all processes, in pieces. Rejects if this process is short of descriptors or memory. */
export async function findBearers(isWanted: IsWanted): Promise<readonly Bearer[]> {
  if (!hasProc) return [];
  const bearers: Bearer[] = [];
  for (const [index, pid] of allPids().entries()) {
    if (index % pieceSize === pieceSize - 1) await nextTurn();
    const bearer = bearerOf(pid, isWanted);
    if (bearer !== null) bearers.push(bearer);
  }
  return bearers;
}

/** The same at once, for the moment before this process ends. */
export function findBearersNow(isWanted: IsWanted): readonly Bearer[] {
  return hasProc ? allPids().flatMap((pid) => bearerOf(pid, isWanted) ?? []) : [];
}

/** The command line of a process, which may hold secrets; empty when the process is gone. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').replaceAll('\0', ' ');
  } catch {
    // It ended meanwhile.
    return '';
  }
}

/** The start time is read before and after the mark: both are then of one process. */
function bearerOf(pid: number, isWanted: IsWanted): Bearer | null {
  const mark = pid === process.pid ? null : markIn(environmentOf(pid));
  if (mark === null || !isWanted(mark)) return null;
  const before = statOf(pid);
  if (before === null || before.isZombie) return null;
  const again = markIn(environmentOf(pid));
  const after = statOf(pid);
  if (again === null || !isWanted(again) || after?.startedAt !== before.startedAt) return null;
  return { pid, startTime: startTimeIn(before), mark: again };
}

function markIn(environment: Buffer): Mark | null {
  for (let at = environment.indexOf(searched); at >= 0; at = environment.indexOf(searched, at + searched.length)) {
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    const value = environment.subarray(at + searched.length, end < 0 ? environment.length : end);
    return parseMark(value.toString('latin1'));
  }
  return null;
}

const buffer = Buffer.allocUnsafe(maxEnvironmentBytes);

/**
 * Its beginning, valid until the next call; empty when the process is gone, or not ours to read. Throws if this process
 * is short of descriptors or memory: then nobody knows.
 */
function environmentOf(pid: number): Buffer {
  try {
    const file = openSync(`/proc/${pid}/environ`, 'r');
    try {
      return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isShortage(error)) throw error;
    // It ended, or belongs to another user.
    return buffer.subarray(0, 0);
  }
}
