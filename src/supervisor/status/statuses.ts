/**
 * Caches the status of each server until something in it changes: a program that watches hundreds of servers reads it
 * many times a second.
 */

import type { ServerStatus } from '../contract.ts';
import type { ServerEntry } from '../ledger.ts';
import { type StatusQuestion, statusOf } from './status.ts';

export interface StatusSources {
  readonly sourcesOf: (server: string) => Omit<StatusQuestion, 'alarms'>;
  /** The server's current alarms. Time may end an alarm; a new one comes only with a new snapshot. */
  readonly alarmsOf: (server: string) => StatusQuestion['alarms'];
}

interface Kept {
  readonly ingredients: readonly unknown[];
  readonly status: ServerStatus;
}

/**
 * Returns the same frozen object until the status changes, so that callers can cache what they make of it.
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
 * Everything that `statusOf` reads except the alarms: values that are replaced and never mutated, and the counts of
 * calls.
 */
function ingredientsOf({ entry, actor, sinceMs }: Omit<StatusQuestion, 'alarms'>): readonly unknown[] {
  const { specification, source, reported, counts } = entry;
  return [actor.getSnapshot(), sinceMs, specification, source, reported, counts.made, counts.failed, counts.open];
}

function valuesOf({ alarm, since, reason, clearedBy }: StatusQuestion['alarms'][number]): readonly string[] {
  return [alarm, since, reason, clearedBy];
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index += 1) if (some[index] !== others[index]) return false;
  return true;
}
