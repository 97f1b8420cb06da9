/**
 * The status of each server, made anew only when something in it is another: whoever watches hundreds of servers reads
 * it many times a second.
 */

import type { ServerStatus } from '../contract.ts';
import type { ServerEntry } from '../ledger.ts';
import { type StatusQuestion, statusOf } from './status.ts';

export interface StatusSources {
  readonly sourcesOf: (server: string) => Omit<StatusQuestion, 'alarms'>;
  /** Those of its snapshot as they are now: time may end some, and only another snapshot brings new ones. */
  readonly alarmsOf: (server: string) => StatusQuestion['alarms'];
}

interface Kept {
  readonly ingredients: readonly unknown[];
  readonly status: ServerStatus;
}

/**
 * The result answers with the same object, frozen, until the status has changed: what is made of it can be kept beside
 * it.
 */
export function createStatuses({ sourcesOf, alarmsOf }: StatusSources): (server: string) => ServerStatus {
  const kept = new WeakMap<ServerEntry, Kept>();
  return (server) => {
    const sources = sourcesOf(server);
    const ingredients = ingredientsOf(sources);
    const last = kept.get(sources.entry);
    const isOld = last !== undefined && areSame(last.ingredients, ingredients);
    if (isOld && last.status.alarms.length === 0) return last.status;
    const alarms = alarmsOf(server);
    if (isOld && areSame(last.status.alarms.flatMap(valuesOf), alarms.flatMap(valuesOf))) return last.status;
    const status = statusOf({ ...sources, alarms });
    for (const part of [status, status.counts, alarms, ...alarms]) Object.freeze(part);
    kept.set(sources.entry, { ingredients, status });
    return status;
  };
}

/**
 * What `statusOf` reads but for the alarms: values that are replaced, never changed, and two counts.
 */
function ingredientsOf({ entry, actor, sinceMs }: Omit<StatusQuestion, 'alarms'>): readonly unknown[] {
  const { specification, source, told, counts } = entry;
  return [actor.getSnapshot(), sinceMs, specification, source, told, counts.made, counts.failed];
}

function valuesOf({ alarm, since, reason, clearedBy }: StatusQuestion['alarms'][number]): readonly string[] {
  return [alarm, since, reason, clearedBy];
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index += 1) if (some[index] !== others[index]) return false;
  return true;
}
