/** A store whose server can be taken away, and that refuses what it is told to: everything else is kept in memory. */

import type { Store, StoredFact } from '../../src/store/contract.ts';
import { StoreError } from '../../src/store/error.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { everyFact } from './every-fact.ts';

export interface TroubledStore extends Store {
  /** Null: it is there. */
  trouble: StoreError | null;
  /** Writes and reads do not settle until it is false again. */
  isSilent: boolean;
  refuses: (fact: StoredFact) => boolean;
  /** Facts of each write that was carried out. */
  readonly appended: (readonly StoredFact[])[];
  /** Everything that is in the journal. */
  facts(): Promise<readonly StoredFact[]>;
}

export const away = new StoreError('unavailable', 'nobody listens on 127.0.0.1:1');

export function createTroubledStore(within: Store = createMemoryStore({ now: () => 0 })): TroubledStore {
  const waiting = new Set<() => void>();
  let isSilent = false;

  async function reached(): Promise<void> {
    if (isSilent) await new Promise<void>((resolve) => waiting.add(resolve));
    if (store.trouble !== null) throw store.trouble;
  }

  /** Every method asks first whether the store can be reached. */
  function guarded<Part extends object>(part: Part): Part {
    return new Proxy(part, {
      get:
        (target, name) =>
        async (...given: readonly unknown[]) => {
          await reached();
          return await (Reflect.get(target, name) as (...all: readonly unknown[]) => Promise<unknown>)(...given);
        },
    });
  }

  const journal = guarded(within.journal);
  const store: TroubledStore = {
    kind: within.kind,
    address: within.address,
    configuration: guarded(within.configuration),
    servers: guarded(within.servers),
    lease: guarded(within.lease),
    journal: {
      read: journal.read,
      extent: journal.extent,
      trim: journal.trim,
      async append(facts) {
        await reached();
        if (facts.some((fact) => store.refuses(fact))) throw new StoreError('refused', 'too long');
        await within.journal.append(facts);
        store.appended.push(facts);
      },
    },
    close: within.close,
    trouble: null,
    get isSilent() {
      return isSilent;
    },
    set isSilent(is) {
      isSilent = is;
      for (const go of waiting) go();
      waiting.clear();
    },
    refuses: () => false,
    appended: [],
    facts: () => within.journal.read(everyFact),
  };
  return store;
}
