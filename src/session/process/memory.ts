/** Resident memory of process groups, from `/proc`: one pass over all processes of the machine, in pieces. */

import { readdir, readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { statOf } from './stat.ts';

/** Processes read before the event loop gets its turn: about a millisecond. */
const pieceSize = 64;

/**
 * In bytes, by group number. Groups without a living member are left out, and all of them where there is no `/proc`.
 * Does not reject.
 */
export async function memoryOfGroups(groups: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const wanted = new Set(groups);
  const memory = new Map<number, number>();
  if (wanted.size === 0 || process.platform !== 'linux') return memory;
  // Without `/proc` no figure is given, rather than a wrong one.
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isInteger);
  for (const [index, pid] of pids.entries()) {
    if (index % pieceSize === pieceSize - 1) await nextTurn();
    const stat = statOf(pid);
    if (stat === null || !wanted.has(stat.groupId)) continue;
    const bytes = await residentBytesOf(pid);
    if (bytes !== null) memory.set(stat.groupId, (memory.get(stat.groupId) ?? 0) + bytes);
  }
  return memory;
}

/** Null: the process is gone, or a zombie, which has no memory. */
async function residentBytesOf(pid: number): Promise<number | null> {
  // It ended meanwhile, or is hidden from us.
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}
