/**
 * What a start has to wait for: pure functions of the state of each dependency and of the client process, of the round
 * of its group, and of whether its specification is approved.
 */

import type { ClientState } from '../client-process/standing.ts';
import { clientProcessId } from '../ids.ts';
import type { ServerPolicy } from '../policy/policy.ts';

/** What a server's dependents may expect of it. `coming`: it will connect without a person. */
export type Prospect = 'connected' | 'coming' | 'stopped' | 'finished' | 'failed' | 'needs-auth' | 'unapproved';

/** A dependency that does not connect by itself. */
export interface Blocker {
  readonly server: string;
  readonly standing: Exclude<Prospect, 'connected' | 'coming'>;
}

export interface Clearance {
  /** Dependencies that are not connected. Empty: it may start. */
  readonly waitingFor: readonly string[];
  /** The first of them, or of their own dependencies, that only a person or a plan can start; null: there is none. */
  readonly blockedBy: Blocker | null;
}

export interface Dependency {
  readonly standing: Prospect;
  /** What blocks it in turn: a dependency of its own. */
  readonly blockedBy: Blocker | null;
}

/** Whether a server may start, and if not, what it waits for. `look` is asked for each dependency. */
export function clearanceOf(dependencies: readonly string[], look: (server: string) => Dependency): Clearance {
  const missing = dependencies
    .map((server) => ({ server, ...look(server) }))
    .filter(({ standing }) => standing !== 'connected');
  const blockers = missing.map(({ server, standing, blockedBy }) =>
    isBlocking(standing) ? { server, standing } : blockedBy,
  );
  return {
    waitingFor: missing.map(({ server }) => server),
    blockedBy: blockers.find((blocker) => blocker !== null) ?? null,
  };
}

/**
 * Without the client process no server starts: it comes before all dependencies. `client` null: the sessions are in
 * this process.
 */
export function clearanceBehind(client: ClientState | null, { waitingFor, blockedBy }: Clearance): Clearance {
  if (client === null || client.standing === 'up') return { waitingFor, blockedBy };
  const isFailed = client.standing === 'failed';
  return {
    waitingFor: [clientProcessId, ...waitingFor],
    blockedBy: isFailed ? { server: clientProcessId, standing: 'failed' } : blockedBy,
  };
}

export function isSameClearance(one: Clearance, other: Clearance): boolean {
  return one.waitingFor.join() === other.waitingFor.join() && isSameBlocker(one.blockedBy, other.blockedBy);
}

export function isSameBlocker(one: Blocker | null, other: Blocker | null): boolean {
  return one?.server === other?.server && one?.standing === other?.standing;
}

/** Why a command is refused, in words. */
export function blockedText({ server, standing }: Blocker): string {
  if (server === clientProcessId) return `the client process is ${standing}`;
  return `dependency "${server}" ${standing === 'unapproved' ? 'waits for approval' : `is ${standing}`}`;
}

/** What a server knows of its own wait. */
interface Wait extends Clearance {
  readonly policy: Pick<ServerPolicy, 'approval'>;
  readonly heldFor: readonly string[];
}

export function isApproved({ policy }: Pick<Wait, 'policy'>): boolean {
  return policy.approval === null;
}

/** No dependency, no round and no approval keeps it from starting. */
export function isCleared(wait: Wait): boolean {
  return isApproved(wait) && wait.waitingFor.length === 0 && wait.heldFor.length === 0;
}

/** Only a person or a plan can end its wait: it has to be approved, or a dependency does not connect by itself. */
export function waitsInVain(wait: Wait): boolean {
  return !isApproved(wait) || wait.blockedBy !== null;
}

/** Empty: it waits for no approval. */
export function approvalText({ policy: { approval } }: Pick<Wait, 'policy'>): string {
  return approval === null ? '' : `it waits for approval: ${approval.clearedBy}`;
}

function isBlocking(standing: Prospect): standing is Blocker['standing'] {
  return standing !== 'connected' && standing !== 'coming';
}
