/** Which control plane runs with a state directory: what its files say, checked against the system. */

import { join } from 'node:path';
import { type ControlPlaneAddress, readControlPlaneFile } from './control-plane-file.ts';
import { type IsAlive, isHeld, type LockOwner, parseOwner } from './lock.ts';
import { readStateFile } from './state-file.ts';

export type Running =
  /** Its API answers, or did a moment ago. */
  | { readonly state: 'running'; readonly owner: LockOwner; readonly address: ControlPlaneAddress }
  /** It holds the lock, but its API does not answer yet, or no longer; or `flaw` is what is wrong with its address. */
  | { readonly state: 'between'; readonly owner: LockOwner; readonly flaw: string | null }
  /** `isStale`: a dead one left its files behind. `flaw`: what is wrong with the address that is there. */
  | { readonly state: 'none'; readonly isStale: boolean; readonly flaw: string | null }
  /** The lock is there and does not say who holds it. */
  | { readonly state: 'unknown'; readonly flaw: string };

/**
 * `isAlive` tells whether a process of our own PID namespace still runs. In a directory without a
 * lock none runs, and what its files say is believed only if they prove it: a folder that came with an archive cannot know
 * when a process of this machine was started, nor answer on a socket.
 */
export async function findRunning(stateDir: string, isAlive: IsAlive): Promise<Running> {
  const lock = readStateFile(join(stateDir, 'lock'), parseOwner, 'it names no process');
  if (lock.flaw !== null) return { state: 'unknown', flaw: lock.flaw };
  const owner = lock.value;
  const { value: address, flaw } = readControlPlaneFile(stateDir);
  const isProven = owner !== null && owner.startTime !== null && (await isHeld(stateDir, owner, isAlive));
  if (!isProven) return { state: 'none', isStale: owner !== null || address !== null, flaw };
  // A file of another process was left by an earlier run.
  return address?.pid === owner.pid ? { state: 'running', owner, address } : { state: 'between', owner, flaw };
}
