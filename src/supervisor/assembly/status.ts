/** What is seen of the actors: the status of each server, of the client process and of everything, and readiness. */

import type { Clock } from '../../clock.ts';
import type { Directory } from '../actors/directory.ts';
import { placeOfRoot } from '../actors/root.ts';
import type { Actors } from '../actors/system.ts';
import type { ReadyNow, ServerStatus, Status } from '../contract.ts';
import { type AlarmWatch, createAlarmWatch } from '../status/alarm-watch.ts';
import { clientProcessStatus } from '../status/client-process.ts';
import { createOverview } from '../status/overview.ts';
import { type AwaitReady, createReadiness, readinessNow } from '../status/readiness.ts';
import { toIso } from '../status/status.ts';
import { createStatuses } from '../status/statuses.ts';
import type { Foundation } from './foundation.ts';

export interface StatusParts {
  readonly foundation: Foundation;
  readonly actors: Actors;
  readonly directory: Directory;
  /** Names of the groups in the configuration in force. */
  readonly groups: () => readonly string[];
  readonly configVersion: () => number;
  /** Aborted once the supervisor has begun to close. */
  readonly closing: AbortSignal;
  readonly clock: Clock | undefined;
}

export interface AssembledStatus {
  readonly alarms: AlarmWatch;
  readonly statusOf: (server: string) => ServerStatus;
  readonly overview: () => Status;
  readonly readiness: () => Omit<ReadyNow, 'heldBy'>;
  readonly awaitReady: AwaitReady;
}

export function assembleStatus(parts: StatusParts): AssembledStatus {
  const { foundation, actors, directory, groups, configVersion, closing, clock } = parts;
  const { facts, strayAlarms, ownAlarms, holder, ledger, inspection, store, memory } = foundation;
  const { wallNow, timers } = foundation.time;
  const { entryOf, actorOf, shownActorOf } = directory;
  const alarms = createAlarmWatch({
    facts,
    serverOf: actors.server,
    groupOf: actors.group,
    clientOf: actors.client,
    furtherOf: strayAlarms.of,
    publish: facts.publish,
    nowMs: wallNow,
    clock,
  });
  const statusOf = createStatuses({
    sourcesOf: (server) => {
      const actor = shownActorOf(server);
      return { entry: entryOf(server), actor, sinceMs: inspection.sinceMs(actor) ?? wallNow() };
    },
    alarmsOf: (server) => alarms.of(`server:${server}`),
  });
  const livingServers = () => [...ledger.entries.keys()].filter((server) => actors.server(server) !== undefined);
  const watched = { servers: livingServers, actorOf, statusOf };
  const overview = createOverview({
    store: () => ({ kind: store.kind, address: store.address, ...memory.state }),
    startedAt: toIso(wallNow()),
    root: actors.root,
    servers: () => [...ledger.entries.keys()],
    statusOf,
    groups,
    configVersion,
    alarms,
    ownAlarms: ownAlarms.list,
    clientProcess() {
      const actor = actors.client();
      if (holder === null || actor === undefined) return null;
      return clientProcessStatus(actor, inspection.sinceMs(actor) ?? wallNow(), holder.logPath);
    },
  });
  return {
    alarms,
    statusOf,
    overview,
    readiness: () =>
      readinessNow(
        { ...watched, isEnabled: (server) => entryOf(server).specification.enabled },
        placeOfRoot(actors.root).state === 'running' && !closing.aborted,
      ),
    awaitReady: createReadiness({ facts, ...watched, timers, signal: closing }),
  };
}
