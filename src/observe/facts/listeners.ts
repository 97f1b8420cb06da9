/** Synchronous listeners of facts. One that throws is counted and reported, and does not disturb the others. */

import type { Fact, FactType } from './fact.ts';
import { type OnError, reportError } from './report-error.ts';

export interface FactListeners {
  /** How often a listener threw. */
  readonly errors: number;
  /** Whether anybody listens to facts of this type. */
  want(type: FactType): boolean;
  /** `types`: those that it is called with. Default: all. */
  add<Type extends FactType = FactType>(
    listener: (fact: Extract<Fact, { readonly type: Type }>) => void,
    types?: readonly Type[],
  ): () => void;
  deliver(fact: Fact): void;
  clear(): void;
}

interface Subscription {
  readonly listener: (fact: Fact) => void;
  /** Null: all. */
  readonly types: ReadonlySet<FactType> | null;
}

/** Each listener gets every fact in order, even when one of them publishes another fact in response. */
export function createFactListeners(onError: OnError | undefined): FactListeners {
  const subscriptions = new Set<Subscription>();
  /** As far as it was asked for since the subscriptions last changed. */
  const wanted = new Map<FactType, boolean>();
  const undelivered: Fact[] = [];
  let isDelivering = false;
  let errors = 0;

  function want(type: FactType): boolean {
    let isWanted = wanted.get(type);
    if (isWanted === undefined) {
      isWanted = [...subscriptions].some(({ types }) => types?.has(type) !== false);
      wanted.set(type, isWanted);
    }
    return isWanted;
  }

  function deliverTo({ listener, types }: Subscription, fact: Fact): void {
    if (types?.has(fact.type) === false) return;
    try {
      listener(fact);
    } catch (error) {
      errors += 1;
      reportError(onError, error);
    }
  }

  return {
    get errors() {
      return errors;
    },
    want,
    add(listener, types) {
      // An object of its own, so that the same function can be added twice and each removal removes one.
      const subscription = {
        listener: listener as (fact: Fact) => void,
        types: types === undefined ? null : new Set<FactType>(types),
      };
      subscriptions.add(subscription);
      wanted.clear();
      return () => {
        subscriptions.delete(subscription);
        wanted.clear();
      };
    },
    deliver(fact) {
      undelivered.push(fact);
      if (isDelivering) return;
      isDelivering = true;
      for (let next = undelivered.shift(); next !== undefined; next = undelivered.shift()) {
        for (const subscription of subscriptions) deliverTo(subscription, next);
      }
      isDelivering = false;
    },
    clear() {
      subscriptions.clear();
      wanted.clear();
    },
  };
}
