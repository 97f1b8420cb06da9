/** One pass over all processes of the machine at a time, shared by those who want one before it begins. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { allPids, hasProc, type ProcessStat, statOf, statsFromPs } from './stat.ts';

/** Processes read before the event loop gets its turn: about a millisecond. */
const pieceSize = 64;

/** There is one table of processes for all who ask: hundreds of groups may lose their leaders at the same time. */
let running: Promise<unknown> = Promise.resolve();
let next: Promise<readonly ProcessStat[]> | null = null;

/**
 * All processes, zombies included, each as it was at some time after this was called. They are read one after another:
 * one that forks and then ends can be missed with its child. Rejects if this process is short of descriptors or memory.
 */
export function statsOfAll(): Promise<readonly ProcessStat[]> {
  next ??= running.then(pass);
  return next;
}

async function pass(): Promise<readonly ProcessStat[]> {
  // Whatever happens in this turn shares the pass.
  await nextTurn();
  const reading = hasProc ? readAll() : Promise.resolve(statsFromPs());
  // Those who share the pass get its error; the next one begins all the same.
  running = reading.catch(() => undefined);
  next = null;
  return reading;
}

async function readAll(): Promise<readonly ProcessStat[]> {
  const stats: ProcessStat[] = [];
  for (const [index, pid] of allPids().entries()) {
    if (index % pieceSize === pieceSize - 1) await nextTurn();
    const stat = statOf(pid);
    if (stat !== null) stats.push(stat);
  }
  return stats;
}
