/** What is asked of the facts of a journal, whatever keeps them. */

import type { FactQuery, StoredFact } from './contract.ts';

/** What a fact counts in a journal's bytes. */
export function bytesOf(fact: StoredFact): number {
  return JSON.stringify(fact).length;
}

export function matching({ actors, types, since, until, after, before }: FactQuery): (fact: StoredFact) => boolean {
  const [ofActors, ofTypes] = [actors && new Set(actors), types && new Set(types)];
  return (fact) =>
    fact.seq > after &&
    (before === null || fact.seq < before) &&
    ofActors?.has(fact.actor) !== false &&
    ofTypes?.has(fact.type) !== false &&
    (since === null || fact.at >= since) &&
    (until === null || fact.at <= until);
}
