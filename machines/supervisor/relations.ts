/** Which servers must be told about changes of others, and what: pure functions of the standing of each. */

import type { ClientState } from '../client-process/standing.ts';
import type { Look } from '../members.ts';
import { type Dependencies, namedIn } from '../order.ts';
import { type Clearance, clearanceBehind, clearanceOf, type Dependency, isSameClearance } from '../server/clearance.ts';
import type { ServerEvent } from '../server/events.ts';
import { asDependency, isFallingAsleep, isLeft, wishesToRun } from '../server/standing.ts';
import type { Applicant } from './start-slots.ts';

export interface Message {
  readonly server: string;
  readonly event: ServerEvent;
}

export interface Relations {
  readonly dependencies: Dependencies;
  readonly dependents: Dependencies;
  /** Null: there is no client process to wait for. Default null. */
  readonly client?: ClientState | null;
}

/** The messages to send when something about these servers has changed. */
export function messagesAfter(servers: readonly string[], relations: Relations, look: Look): readonly Message[] {
  const { dependencies, dependents } = relations;
  const waiting = new Set(servers.flatMap((server) => [server, ...namedIn(dependents, server)]));
  const needed = new Set(servers.flatMap((server) => [server, ...namedIn(dependencies, server)]));
  return [
    ...[...waiting].flatMap((server) => clearanceMessages(server, relations, look)),
    ...[...needed].flatMap((server) => wakingMessages(server, dependents, look)),
  ];
}

/** Whether any of its dependents still runs, so that its shutdown must wait. */
export function isNeeded(server: string, dependents: Dependencies, look: Look): boolean {
  return namedIn(dependents, server).some((dependent) => {
    const standing = look(dependent);
    return standing !== null && isLeft(standing);
  });
}

/** Whether a server that waits for a slot may still start: a dependency may have gone down since it asked. */
export function applicantOf(server: string, dependencies: Dependencies, look: Look): Applicant {
  return namedIn(dependencies, server).every((dependency) => look(dependency)?.phase === 'connected')
    ? 'ready'
    : 'held';
}

/** What a server that was told nothing yet, or reports nothing, is told while there is no client process, and after. */
export function clearanceMessage(server: string, { dependencies, client = null }: Relations, look: Look): Message {
  const clearance = clearanceBehind(client, clearanceIn(server, dependencies, look));
  const isGone = client !== null && client.standing !== 'up';
  const retry = isGone ? { nextRetryAt: client.nextRetryAt } : {};
  return { server, event: { type: 'dependencies.changed', ...clearance, ...retry } };
}

function clearanceIn(server: string, dependencies: Dependencies, look: Look): Clearance {
  return clearanceOf(namedIn(dependencies, server), (dependency) => dependencyOf(dependency, look));
}

function clearanceMessages(server: string, { dependencies, client = null }: Relations, look: Look): readonly Message[] {
  const standing = look(server);
  if (standing === null) return [];
  const clearance = clearanceBehind(client, clearanceIn(server, dependencies, look));
  return isSameClearance(clearance, standing)
    ? []
    : [{ server, event: { type: 'dependencies.changed', ...clearance } }];
}

/**
 * A lazy server is started when a dependent waits for it, at once if a person or a caller waits for the dependent. It
 * is kept awake while a dependent runs or wants to run.
 */
function wakingMessages(server: string, dependents: Dependencies, look: Look): readonly Message[] {
  const standing = look(server);
  if (standing === null || !standing.lazy) return [];
  const wishing = namedIn(dependents, server)
    .flatMap((dependent) => look(dependent) ?? [])
    .filter(wishesToRun);
  const awake = wishing.length > 0;
  const kept: readonly Message[] =
    awake === standing.heldAwake ? [] : [{ server, event: { type: 'dependents.changed', awake } }];
  if (!awake || standing.hasFinished || standing.wanted !== 'up') return kept;
  const isResting = standing.phase === 'resting';
  if (wishing.some(({ isUrgent }) => isUrgent))
    return isResting || isFallingAsleep(standing) ? [...kept, { server, event: { type: 'server.needed' } }] : kept;
  // A server that is falling asleep reports again when it rests.
  return isResting ? [...kept, { server, event: { type: 'dependents.waiting' } }] : kept;
}

/** A server that has reported nothing is being added, moved or replaced. */
function dependencyOf(server: string, look: Look): Dependency {
  const standing = look(server);
  return standing === null ? { standing: 'coming', blockedBy: null } : asDependency(standing);
}
