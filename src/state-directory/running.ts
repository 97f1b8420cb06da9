/** Which control plane runs with a state directory: what its files say, checked against the system. */

import { join } from 'node:path';
import { readOwnFile } from '../own-file.ts';
import { type ControlPlaneAddress, readControlPlaneFile } from './control-plane-file.ts';
import { type IsAlive, isHeld, type LockOwner, parseOwner } from './lock.ts';

export type Running =
  /** Its API answers, or did a moment ago. */
  | { readonly state: 'running'; readonly owner: LockOwner; readonly address: ControlPlaneAddress }
  /** It holds the lock, but its API does not answer yet, or no longer. */
  | { readonly state: 'between'; readonly owner: LockOwner }
  /** `isStale`: a dead one left its files behind. */
  | { readonly state: 'none'; readonly isStale: boolean };

/**
 * `isAlive` tells whether a process of our own PID namespace still runs. In a directory that is missing or not readable
 * none runs, and what its files say is believed only if they prove it: a folder that came with an archive cannot know
 * when a process of this machine was started, nor answer on a socket.
 */
export async function findRunning(stateDir: string, isAlive: IsAlive): Promise<Running> {
  const owner = parseOwner(textOf(join(stateDir, 'lock')));
  const address = readControlPlaneFile(stateDir);
  const isProven = owner !== null && owner.startTime !== null && (await isHeld(stateDir, owner, isAlive));
  if (!isProven) return { state: 'none', isStale: owner !== null || address !== null };
  // A file of another process was left by an earlier run.
  return address?.pid === owner.pid ? { state: 'running', owner, address } : { state: 'between', owner };
}

function textOf(path: string): string {
  try {
    return readOwnFile(path);
  } catch {
    // Missing, not readable, or a link that came with the folder: it names no owner.
    return '';
  }
}
