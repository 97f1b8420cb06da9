/** Synchronous listeners of facts. One that throws is counted and reported, and does not disturb the others. */

import type { Fact } from './fact.ts';
import { type OnError, reportError } from './report-error.ts';

export interface FactListeners {
  /** How often a listener threw. */
  readonly errors: number;
  add(listener: (fact: Fact) => void): () => void;
  deliver(fact: Fact): void;
  clear(): void;
}

/** Each listener gets every fact in order, even when one of them publishes another fact in response. */
export function createFactListeners(onError: OnError | undefined): FactListeners {
  const listeners = new Set<(fact: Fact) => void>();
  const undelivered: Fact[] = [];
  let isDelivering = false;
  let errors = 0;

  function deliverTo(listener: (fact: Fact) => void, fact: Fact): void {
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
    add(listener) {
      // Wrapped, so that the same function can be added twice and each removal removes one.
      const own = (fact: Fact): void => listener(fact);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    deliver(fact) {
      undelivered.push(fact);
      if (isDelivering) return;
      isDelivering = true;
      for (let next = undelivered.shift(); next !== undefined; next = undelivered.shift()) {
        for (const listener of listeners) deliverTo(listener, next);
      }
      isDelivering = false;
    },
    clear: () => listeners.clear(),
  };
}
