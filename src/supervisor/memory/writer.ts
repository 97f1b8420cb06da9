/** One pass over what waits: what the store takes is kept, what it refuses is passed over. */

import type { Store, StoredFact } from '../../store/contract.ts';
import { StoreError } from '../../store/error.ts';
import { type FactQueue, gapOf } from './fact-queue.ts';
import type { Patch, ServerQueue } from './server-queue.ts';
import type { StoreHealth } from './store-health.ts';

export interface Writer {
  /** Whether it is known which numbers the store's journal has. */
  readonly isOpen: boolean;
  /**
   * Rejects with what keeps it from going on; what was not written waits for the next pass then. `isProbed`: asks the
   * store something even if there is nothing to write.
   */
  write(how: { readonly isProbed: boolean }): Promise<void>;
}

export interface WriterOptions {
  readonly store: Store;
  readonly health: Pick<StoreHealth, 'passOver' | 'lose'>;
  readonly facts: FactQueue;
  readonly servers: ServerQueue;
  readonly continueAfter: (seq: number) => void;
  readonly redacted: (fact: StoredFact) => StoredFact;
  readonly onError: (error: unknown) => void;
}

const batch = { facts: 500, bytes: 1024 * 1024 };
const batchServers = 100;

export function createWriter(options: WriterOptions): Writer {
  const { store, health, facts, servers, continueAfter, redacted, onError } = options;
  let isOpen = false;

  /** Facts of this run come after those that are there: another control plane's clock may have been ahead. */
  async function open(): Promise<void> {
    if (isOpen) return;
    let lastSeq = 0;
    const refusal = await refusalOf(async () => {
      lastSeq = (await store.journal.extent()).lastSeq;
    });
    if (refusal !== null) health.passOver('the extent of its journal', refusal.error);
    isOpen = true;
    // One number is left for the gap of those that have lower ones.
    continueAfter(lastSeq + 1);
    facts.giveUpTo(lastSeq, lastSeq + 1);
  }

  /** Null: it was carried out. What is not the store's error is a bug of ours, and would be one again. */
  async function refusalOf(write: () => Promise<void>): Promise<{ readonly error: unknown } | null> {
    try {
      await write();
      return null;
    } catch (error) {
      if (error instanceof StoreError && error.trouble === 'unavailable') throw error;
      if (!(error instanceof StoreError)) onError(error);
      return { error };
    }
  }

  async function writeServers(): Promise<void> {
    const batchOfServers = servers.take(batchServers);
    if (batchOfServers.size === 0) return;
    try {
      await keepServers(batchOfServers);
    } catch (error) {
      servers.putBack();
      throw error;
    }
    servers.settle();
  }

  async function keepServers(patches: ReadonlyMap<string, Patch>): Promise<void> {
    const refusal = await refusalOf(() => store.servers.write(patches));
    if (refusal === null) return;
    if (patches.size > 1) for (const one of patches) await keepServers(new Map([one]));
    else {
      health.passOver(`what is to be kept of ${[...patches.keys()].join()}`, refusal.error);
      health.lose({ servers: 1 });
    }
  }

  async function writeFacts(): Promise<void> {
    const taken = facts.batch(batch);
    if (taken.length === 0) return;
    try {
      await keepFacts(taken.map(redacted));
    } catch (error) {
      // To try it again with these would be of no use.
      if (isCorrupt(error)) facts.abandon();
      throw error;
    }
    facts.settle();
  }

  /** In order: a store takes only facts that are newer than those it has. */
  async function keepFacts(some: readonly StoredFact[]): Promise<void> {
    const refusal = await refusalOf(() => store.journal.append(some));
    const [first] = some;
    if (refusal === null || first === undefined) return;
    if (isCorrupt(refusal.error)) throw refusal.error;
    if (some.length > 1) {
      const middle = some.length >>> 1;
      await keepFacts(some.slice(0, middle));
      await keepFacts(some.slice(middle));
      return;
    }
    health.passOver(`a fact of ${first.type}`, refusal.error);
    if (first.type === 'journal.gap') return;
    health.lose({ facts: 1 });
    await keepFacts([gapOf(first, first.seq)]);
  }

  return {
    get isOpen() {
      return isOpen;
    },
    async write({ isProbed }) {
      await open();
      if (isProbed && servers.size === 0 && facts.size === 0) await store.configuration.version();
      await writeServers();
      await writeFacts();
    },
  };
}

function isCorrupt(error: unknown): boolean {
  return error instanceof StoreError && error.trouble === 'corrupt';
}
