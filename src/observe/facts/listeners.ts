/** Synchronous listeners of facts. One that throws is counted and reported, and does not disturb the others. */

import { type OnBug, tellBug } from './bug.ts';
import type { Fact } from './fact.ts';

export interface FactListeners {
  /** How often a listener threw. */
  readonly errors: number;
  add(listener: (fact: Fact) => void): () => void;
  tell(fact: Fact): void;
  clear(): void;
}

/** Each listener gets every fact in order, even when one of them publishes another fact in response. */
export function createFactListeners(onBug: OnBug | undefined): FactListeners {
  const listeners = new Set<(fact: Fact) => void>();
  const untold: Fact[] = [];
  let telling = false;
  let errors = 0;

  function tellOne(listener: (fact: Fact) => void, fact: Fact): void {
    try {
      listener(fact);
    } catch (error) {
      errors += 1;
      tellBug(onBug, error);
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
    tell(fact) {
      untold.push(fact);
      if (telling) return;
      telling = true;
      for (let next = untold.shift(); next !== undefined; next = untold.shift()) {
        for (const listener of listeners) tellOne(listener, next);
      }
      telling = false;
    },
    clear: () => listeners.clear(),
  };
}
