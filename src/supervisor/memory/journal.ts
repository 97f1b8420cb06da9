/** The journal: what it keeps of the facts, for how long, and what is read of it. */

import type { JournalSettings } from '../../config/configuration.ts';
import type { FactType } from '../../observe/facts/fact.ts';
import type { Facts } from '../../observe/facts/facts.ts';
import { type JournalPage, type JournalQuery, parseJournalQuery } from '../../observe/facts/journal.ts';
import { isChatter } from '../../observe/facts/memory/kinds.ts';
import { factTypes } from '../../observe/log/level.ts';
import { createJournalReader, type JournalReaderOptions } from './journal-reader.ts';

export interface Journal {
  /**
   * What is in the store, what is not written yet, and what is remembered, in order and without duplicate. Rejects with
   * `INVALID_REQUEST` only: if the store is of no use, the page says so.
   */
  read(query: JournalQuery): Promise<JournalPage>;
  /** Other settings are in force. */
  configure(): void;
  /** Nothing is kept any more. May be called twice. */
  close(): void;
}

export interface JournalOptions extends JournalReaderOptions {
  readonly facts: Pick<Facts, 'kept' | 'subscribe' | 'lastSeq'>;
  /** Those in force. */
  readonly settings: () => JournalSettings;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
}

/** So often the oldest facts are removed, in milliseconds. */
const trimMs = 60_000;

export function createJournal(options: JournalOptions): Journal {
  const { facts, store, memory, settings, timers, now } = options;
  const reader = createJournalReader(options);
  // What `memory:` keeps would end with the facts that are remembered, and take their room once more.
  const isKept = store.kind !== 'memory';
  let keepsCalls = isKept && settings().calls;
  let unsubscribe = () => {};
  let timer: unknown = null;

  function listen(): void {
    unsubscribe();
    unsubscribe = facts.subscribe(memory.keepFact, typesKept(keepsCalls));
  }

  async function trim(): Promise<void> {
    const { maxAgeMs, maxBytes } = settings();
    if (memory.isAllowed && memory.state.state === 'ok')
      try {
        await store.journal.trim({ olderThan: new Date(now() - maxAgeMs).toISOString(), maxBytes });
      } catch (error) {
        memory.noteTrouble(error);
      }
    trimLater();
  }

  function trimLater(): void {
    // `trim` does not reject.
    if (timer !== closed) timer = timers.setTimeout(() => void trim(), trimMs);
  }

  if (isKept) {
    const types = new Set<string>(typesKept(keepsCalls));
    for (const fact of facts.kept()) if (types.has(fact.type)) memory.keepFact(fact);
    listen();
    trimLater();
  }

  return {
    read: async (query) => await reader.read(parseJournalQuery(query)),
    configure() {
      const { calls } = settings();
      if (!isKept || timer === closed || calls === keepsCalls) return;
      keepsCalls = calls;
      listen();
    },
    close() {
      unsubscribe();
      if (timer !== closed) timers.clearTimeout(timer);
      timer = closed;
    },
  };
}

/** In place of a timer: there will be none. */
const closed = Symbol('closed');

const calls: ReadonlySet<FactType> = new Set<FactType>(['call.started', 'call.settled']);

/** What somebody wants to know later. What comes as often as servers and callers please is remembered for a while only. */
function typesKept(keepsCalls: boolean): readonly FactType[] {
  const types = [...factTypes] as FactType[];
  return types.filter((type) => !isChatter(type) || type === 'probe.missed' || (keepsCalls && calls.has(type)));
}
