/** Those who hear of a fact at once. One that throws is counted and told of, and disturbs nobody else. */

import { type OnBug, tellBug } from './bug.ts';
import type { Fact } from './fact.ts';

export interface FactListeners {
  /** How often a listener threw. */
  readonly errors: number;
  add(listener: (fact: Fact) => void): () => void;
  tell(fact: Fact): void;
  clear(): void;
}

/** Each listener hears every fact in order, also when one of them publishes in answer to a fact. */
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
      // Wrapped, so that the same function may listen twice and each end only its own.
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
