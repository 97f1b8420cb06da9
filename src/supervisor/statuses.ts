/** The status of each server, made anew only when something in it is another: whoever watches hundreds of servers reads it many times a second. */

import type { ServerStatus } from './contract.ts';
import type { ServerEntry } from './ledger.ts';
import { type StatusQuestion, statusOf } from './status.ts';

export interface StatusSources extends Omit<StatusQuestion, 'alarms'> {
  /** Those of the snapshot as they are now: time may end some, and only another snapshot brings new ones. */
  readonly alarmsNow: () => StatusQuestion['alarms'];
}

interface Kept {
  readonly ingredients: readonly unknown[];
  readonly status: ServerStatus;
}

/** The result answers with the same object, frozen, until the status has changed: what is made of it can be kept beside it. */
export function createStatuses(sourcesOf: (server: string) => StatusSources): (server: string) => ServerStatus {
  const kept = new WeakMap<ServerEntry, Kept>();
  return (server) => {
    const sources = sourcesOf(server);
    const { entry, alarmsNow } = sources;
    const ingredients = ingredientsOf(sources);
    const last = kept.get(entry);
    const isOld = last !== undefined && areSame(last.ingredients, ingredients);
    if (isOld && last.status.alarms.length === 0) return last.status;
    const alarms = alarmsNow();
    if (isOld && areSame(last.status.alarms.flatMap(valuesOf), alarms.flatMap(valuesOf))) return last.status;
    const status = statusOf({ ...sources, alarms });
    for (const part of [status, status.counts, alarms, ...alarms]) Object.freeze(part);
    kept.set(entry, { ingredients, status });
    return status;
  };
}

/** What `statusOf` reads but for the alarms. What is here by reference is replaced, never changed, when it is another. */
function ingredientsOf({ entry, actor, sinceMs }: StatusSources): readonly unknown[] {
  const { specification, source, session, peer, lists, push, calls, callErrors, lives } = entry;
  const queue = session?.calls;
  return [actor.getSnapshot(), sinceMs, specification, source, peer, lists, push, calls, callErrors, lives, queue?.inFlight, queue?.queued];
}

function valuesOf({ alarm, since, reason, clearedBy }: StatusQuestion['alarms'][number]): readonly string[] {
  return [alarm, since, reason, clearedBy];
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, index) => Object.is(one, others[index]));
}
