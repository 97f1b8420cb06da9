/** Follows the alarms of each server, so that their rising and clearing are facts. */

import { pathOf } from '../observe/edge.ts';
import type { PublishFact } from '../observe/fact.ts';
import type { Facts } from '../observe/facts.ts';
import type { ServerActor } from './actors.ts';
import { alarmsOf } from './alarms.ts';

export interface AlarmWatch {
  /** When each alarm of the server was raised, in milliseconds. */
  since(server: string): ReadonlyMap<string, number>;
  close(): void;
}

export interface AlarmWatchOptions {
  readonly facts: Pick<Facts, 'subscribe'>;
  readonly actorOf: (server: string) => ServerActor | undefined;
  readonly publish: PublishFact;
  readonly nowMs: () => number;
}

const none: ReadonlyMap<string, number> = new Map();

export function createAlarmWatch({ facts, actorOf, publish, nowMs }: AlarmWatchOptions): AlarmWatch {
  const raised = new Map<string, Map<string, number>>();

  function look(server: string): void {
    const snapshot = actorOf(server)?.getSnapshot();
    const now = nowMs();
    const current = snapshot === undefined ? [] : alarmsOf(pathOf(snapshot.value), snapshot.context, now);
    const known = raised.get(server) ?? new Map<string, number>();
    const actor = `server:${server}`;
    for (const { alarm, reason } of current) {
      if (known.has(alarm)) continue;
      known.set(alarm, now);
      publish({ type: 'alarm.raised', actor, alarm, reason });
    }
    for (const alarm of [...known.keys()].filter((name) => !current.some((one) => one.alarm === name))) {
      known.delete(alarm);
      publish({ type: 'alarm.cleared', actor, alarm });
    }
    if (known.size > 0) raised.set(server, known);
    else raised.delete(server);
  }

  const unsubscribe = facts.subscribe((fact) => {
    if (fact.type === 'server.transitioned' || fact.type === 'server.removed') look(fact.actor.slice('server:'.length));
  });
  return { since: (server) => raised.get(server) ?? none, close: unsubscribe };
}
