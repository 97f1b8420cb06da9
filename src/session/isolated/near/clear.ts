/** Ends a client process that is lost, and what it held: it first, so that it starts nothing more. */

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readOwnFile } from '../../../files/own-file.ts';
import { isSystemError } from '../../../system-error.ts';
import { isGroupAlive, signalGroup } from '../../process/group.ts';
import { isAlive, signalProcess } from '../../process/identity.ts';
import { type ProcessRecord, parseRecordFile, type RecordFile } from '../../process/record.ts';
import { findBearers } from '../../process/strays/bearers.ts';
import type { Mark } from '../../process/strays/mark.ts';
import { isSurvivor } from '../../process/survivor.ts';
import { type ProcessIdentity, readIdentity } from '../identity-file.ts';

type Known = Pick<ProcessIdentity, 'pid' | 'startTime'>;

const lookMs = 10;

/** How long its servers may take to end in order, in milliseconds. */
const orderlyMs = 30_000;

/**
 * Resolves with the groups that were there when they and the process are gone, which may take for ever. Rejects if the
 * record cannot be read: its guard ends what it knew, and the next client process reports the file.
 */
export async function endLost(stateDir: string, known: Known | null): Promise<readonly ProcessRecord[]> {
  if (known !== null) await endProcess(known);
  const file = recordFileIn(stateDir);
  const ended = await Promise.all(file.processes.map(async (record) => ((await endGroup(record)) ? [record] : [])));
  await endUnrecorded(file);
  return ended.flat();
}

/**
 * What it had spawned and not put on record yet, found by its mark. Its guard knows these, too, but ends them in their
 * own time, and the next life of their servers must not begin before.
 */
async function endUnrecorded({ instances: [instance], generations }: RecordFile): Promise<void> {
  if (instance === undefined) return;
  const recorded = new Map(generations);
  const isUnrecorded = (mark: Mark): boolean =>
    mark.instance === instance && mark.generation > (recorded.get(mark.server) ?? 0);
  for (;;) {
    const bearers = await findBearers(isUnrecorded);
    if (bearers.length === 0) return;
    for (const bearer of bearers) signalProcess(bearer, 'SIGKILL');
    await delay(lookMs);
  }
}

/**
 * Ends a client process that an earlier run left in this directory, in order if it still can: for a control plane that
 * holds its sessions itself. Rejects if its record cannot be read.
 */
export async function endLeft(stateDir: string): Promise<void> {
  const known = identityIn(stateDir);
  if (known === null || known.startTime === null || !isAlive(known)) return;
  signalProcess({ pid: known.pid, startTime: known.startTime }, 'SIGTERM');
  const deadline = performance.now() + orderlyMs;
  while (isAlive(known) && performance.now() < deadline) await delay(lookMs);
  if (isAlive(known)) await endLost(stateDir, known);
}

/** Sends SIGKILL to all of it, synchronously. */
export function killLostNow(stateDir: string, known: Known | null): void {
  if (known !== null && known.startTime !== null)
    signalProcess({ pid: known.pid, startTime: known.startTime }, 'SIGKILL');
  for (const { pid, startTime } of recordFileIn(stateDir).processes)
    if (startTime !== null && isAlive({ pid, startTime })) signalGroup(pid, 'SIGKILL');
}

async function endProcess(known: Known): Promise<void> {
  const { pid, startTime } = known;
  if (startTime === null) return;
  signalProcess({ pid, startTime }, 'SIGKILL');
  while (isAlive(known)) await delay(lookMs);
}

/** Whether it was there. */
async function endGroup(record: ProcessRecord): Promise<boolean> {
  if (!(await isSurvivor(record))) return false;
  signalGroup(record.pid, 'SIGKILL');
  while (await isGroupAlive(record.pid)) await delay(lookMs);
  return true;
}

function identityIn(stateDir: string): Known | null {
  try {
    return readIdentity(stateDir);
  } catch {
    // Nobody can be found by a file that is damaged: the record of its groups is all that is left.
    return null;
  }
}

function recordFileIn(stateDir: string): RecordFile {
  try {
    return parseRecordFile(readOwnFile(join(stateDir, 'processes.json')));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return { instances: [], processes: [], generations: [] };
    throw error;
  }
}
