/** The status of each server, made anew only when something in it is another: whoever watches hundreds of servers reads it many times a second. */

import type { ServerStatus } from './contract.ts';
import type { ServerEntry } from './ledger.ts';
import { type StatusQuestion, statusOf } from './status.ts';

interface Kept {
  readonly ingredients: readonly unknown[];
  readonly status: ServerStatus;
}

/** The result answers with the same object, frozen, until the status has changed: what is made of it can be kept beside it. */
export function createStatuses(questionOf: (server: string) => StatusQuestion): (server: string) => ServerStatus {
  const kept = new WeakMap<ServerEntry, Kept>();
  return (server) => {
    const question = questionOf(server);
    const ingredients = ingredientsOf(question);
    const last = kept.get(question.entry);
    if (last !== undefined && areSame(last.ingredients, ingredients)) return last.status;
    const status = statusOf(question);
    for (const part of [status, status.counts, status.alarms, ...status.alarms]) Object.freeze(part);
    kept.set(question.entry, { ingredients, status });
    return status;
  };
}

/** Everything that `statusOf` reads and that is replaced, not changed, when it is another; what is changed, value by value. */
function ingredientsOf({ entry, actor, sinceMs, alarms }: StatusQuestion): readonly unknown[] {
  const { specification, source, session, peer, lists, push, calls, callErrors, lives } = entry;
  const queue = session?.calls;
  const fixed = [actor.getSnapshot(), sinceMs, specification, source, peer, lists, push, calls, callErrors, lives, queue?.inFlight, queue?.queued];
  return alarms.length === 0 ? fixed : [...fixed, ...alarms.flatMap(({ alarm, since, reason, clearedBy }) => [alarm, since, reason, clearedBy])];
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, index) => Object.is(one, others[index]));
}
