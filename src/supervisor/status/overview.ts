/** The status of everything: each server, how many are in each state, and all alarms. */

import { clientProcessId } from '../../../machines/ids.ts';
import { version } from '../../version.ts';
import { placeOfRoot } from '../actors/root.ts';
import type { RootActor } from '../actors/system.ts';
import {
  type Alarm,
  type ClientProcessStatus,
  type ServerState,
  type ServerStatus,
  type Status,
  serverStates,
} from '../contract.ts';
import type { AlarmWatch } from './alarm-watch.ts';

export interface OverviewOptions {
  readonly startedAt: string;
  readonly store: () => Status['store'];
  readonly root: RootActor;
  readonly servers: () => readonly string[];
  readonly statusOf: (server: string) => ServerStatus;
  /** Names of the groups in the configuration. */
  readonly groups: () => readonly string[];
  readonly configVersion: () => number;
  readonly alarms: AlarmWatch;
  /** Null: sessions are held in this process. */
  readonly clientProcess: () => ClientProcessStatus | null;
  /** Standing alarms of the control plane itself. */
  readonly ownAlarms: () => readonly Alarm[];
}

export function createOverview(options: OverviewOptions): () => Status {
  const { startedAt, root, servers: names, statusOf } = options;
  return () => {
    const servers = names().map(statusOf);
    const counts = Object.fromEntries(serverStates.map((state) => [state, 0])) as Record<ServerState, number>;
    for (const { state } of servers) counts[state] += 1;
    return {
      startedAt,
      version,
      ...placeOfRoot(root),
      counts,
      clientProcess: options.clientProcess(),
      store: options.store(),
      configVersion: options.configVersion(),
      alarms: allAlarms(options, servers),
      servers,
    };
  };
}

function allAlarms(options: OverviewOptions, servers: readonly ServerStatus[]): Status['alarms'] {
  const groups = options.groups().map((group) => `group:${group}`);
  const holder = options.alarms.of(clientProcessId).map((alarm) => ({ actor: clientProcessId, ...alarm }));
  return [
    ...options.ownAlarms().map((alarm) => ({ actor: 'supervisor', ...alarm })),
    ...holder,
    ...groups.flatMap((actor) => options.alarms.of(actor).map((alarm) => ({ actor, ...alarm }))),
    ...servers.flatMap(({ name, alarms }) => alarms.map((alarm) => ({ actor: `server:${name}`, ...alarm }))),
  ];
}
