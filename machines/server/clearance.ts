/** What a start has to wait for: pure functions of the state of each dependency, and of the client process. */

import type { ClientState } from '../client-process/standing.ts';
import { clientProcessId } from '../ids.ts';

/** What a server's dependents may expect of it. `coming`: it will connect without a person. */
export type Prospect = 'connected' | 'coming' | 'stopped' | 'finished' | 'failed' | 'needs-auth';

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
  return server === clientProcessId ? `the client process is ${standing}` : `dependency "${server}" is ${standing}`;
}

function isBlocking(standing: Prospect): standing is Blocker['standing'] {
  return standing !== 'connected' && standing !== 'coming';
}
