/** What is to be kept of servers and is not yet: of each server the newest of everything, however often it changes. */

import type { KeptServer } from '../../store/contract.ts';

/** Null: it is forgotten. */
export type Patch = Partial<KeptServer> | null;

export interface ServerQueue {
  /** Servers that wait or are being written. */
  readonly size: number;
  /** Ticket of what has waited longest; null: nothing waits. */
  readonly oldestTicket: number | null;
  /** False: there is no room for a further server. */
  push(server: string, patch: Patch, ticket: number): boolean;
  /** The next ones to write; they stay until they are settled or put back. */
  take(most: number): ReadonlyMap<string, Patch>;
  /** What was taken is kept, or given up. */
  settle(): void;
  /** What was taken waits again, before what came since. */
  putBack(): void;
}

interface Waiting {
  readonly patch: Patch;
  readonly ticket: number;
}

export function createServerQueue(mostServers: number): ServerQueue {
  let waiting = new Map<string, Waiting>();
  let taken: ReadonlyMap<string, Waiting> = new Map();

  return {
    get size() {
      return new Set([...taken.keys(), ...waiting.keys()]).size;
    },
    get oldestTicket() {
      const [oldest] = taken.size > 0 ? taken.values() : waiting.values();
      return oldest?.ticket ?? null;
    },
    push(server, patch, ticket) {
      const known = waiting.get(server);
      if (known === undefined && waiting.size >= mostServers) return false;
      waiting.set(server, known === undefined ? { patch, ticket } : { ...known, patch: merged(known.patch, patch) });
      return true;
    },
    take(most) {
      taken = new Map([...waiting].slice(0, most));
      for (const server of taken.keys()) waiting.delete(server);
      return new Map([...taken].map(([server, { patch }]) => [server, patch]));
    },
    settle() {
      taken = new Map();
    },
    putBack() {
      const newer = waiting;
      waiting = new Map(taken);
      taken = new Map();
      for (const [server, { patch, ticket }] of newer) {
        const older = waiting.get(server);
        waiting.set(server, older === undefined ? { patch, ticket } : { ...older, patch: merged(older.patch, patch) });
      }
    },
  };
}

/** A server that is forgotten and then known again keeps nothing of what it was. */
function merged(older: Patch, newer: Patch): Patch {
  if (newer === null) return null;
  return older === null ? { wanted: null, counters: null, lists: null, ...newer } : { ...older, ...newer };
}
