/** Which control plane runs with a state directory: what its files say, checked against the system. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ControlPlaneAddress, readControlPlaneFile } from './control-plane-file.ts';
import { type LockOwner, parseOwner } from './lock.ts';

export type Running =
  /** Its API answers, or did a moment ago. */
  | { readonly state: 'running'; readonly owner: LockOwner; readonly address: ControlPlaneAddress }
  /** It holds the lock, but its API does not answer yet, or no longer. */
  | { readonly state: 'between'; readonly owner: LockOwner }
  /** `isStale`: a dead one left its files behind. */
  | { readonly state: 'none'; readonly isStale: boolean };

/** `isAlive` tells whether a process still runs. In a directory that is missing or not readable none runs. */
export async function findRunning(stateDir: string, isAlive: (owner: LockOwner) => boolean): Promise<Running> {
  const owner = parseOwner(await readFile(join(stateDir, 'lock'), 'utf8').catch(() => ''));
  const address = readControlPlaneFile(stateDir);
  if (owner === null || !isAlive(owner)) return { state: 'none', isStale: owner !== null || address !== null };
  // A file of another process was left by an earlier run.
  return address?.pid === owner.pid ? { state: 'running', owner, address } : { state: 'between', owner };
}
