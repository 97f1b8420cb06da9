/** Finds what belongs to a server's name: its entry, its running actor, or its last actor. */

import { McpvisorError } from '../../errors.ts';
import type { Inspection } from '../../observe/facts/inspection.ts';
import type { Ledger, ServerEntry } from '../ledger.ts';
import type { Actors, ServerActor } from './system.ts';

export interface DirectoryOptions {
  readonly ledger: Ledger;
  readonly actors: Actors;
  readonly inspection: Inspection;
  readonly isShuttingDown: () => boolean;
}

export interface Directory {
  /** Throws `SERVER_NOT_FOUND`. */
  entryOf(server: string): ServerEntry;
  /** The running actor. Throws `SERVER_NOT_FOUND`, `SHUTTING_DOWN`, and `SERVER_NOT_CONNECTED` between two actors. */
  actorOf(server: string): ServerActor;
  /** The last actor, running or not, if it ever had a snapshot. */
  lastActorOf(server: string): ServerActor | undefined;
  /** The running actor, or else the last one: after it died, and after the supervisor has closed. */
  shownActorOf(server: string): ServerActor;
}

export function createDirectory({ ledger, actors, inspection, isShuttingDown }: DirectoryOptions): Directory {
  const lastActors = new WeakMap<ServerEntry, ServerActor>();
  inspection.onActor((actor, name) => {
    const entry = name.startsWith('server:') ? ledger.get(name.slice('server:'.length)) : undefined;
    if (entry !== undefined) lastActors.set(entry, actor as ServerActor);
  });

  const entryOf = (server: string): ServerEntry => {
    const entry = ledger.get(server);
    if (entry === undefined) throw ledger.unknown(server);
    return entry;
  };
  const actorOf = (server: string): ServerActor => {
    const actor = actors.server(entryOf(server).name);
    if (actor !== undefined) return actor;
    if (isShuttingDown()) throw new McpvisorError('SHUTTING_DOWN', {});
    // The actor died, and its successor does not exist yet.
    throw new McpvisorError('SERVER_NOT_CONNECTED', {
      server,
      state: 'failed',
      nextRetryAt: null,
      reason: 'its actor died and is being replaced',
    });
  };
  const lastActorOf = (server: string): ServerActor | undefined => {
    const entry = ledger.get(server);
    const last = entry === undefined ? undefined : lastActors.get(entry);
    // An actor that died while it was being created never had a snapshot.
    return (last?.getSnapshot() as unknown) === undefined ? undefined : last;
  };
  return {
    entryOf,
    actorOf,
    lastActorOf,
    shownActorOf(server) {
      const { name } = entryOf(server);
      return actors.server(name) ?? lastActorOf(name) ?? actorOf(name);
    },
  };
}
