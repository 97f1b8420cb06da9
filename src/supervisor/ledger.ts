/**
 * What is known of each server beside its chart. Each part of an entry has one owner who writes it: the ledger what the
 * server is meant to be, the session's actor what its sessions told, the calls their counts.
 */

import type { Lists } from '../session/contract.ts';
import { callLimitsOf } from '../session/request.ts';
import type { ServerSpecification } from '../specification.ts';
import { factsBefore, noLists, type SessionFacts } from './session-facts.ts';
import { mayShow, showsAll } from './tool-filter.ts';

/** Of calls made to a server in all its lives; `calls/calls.ts` counts. */
export interface CallCounts {
  made: number;
  failed: number;
}

export interface ServerEntry {
  readonly name: string;
  readonly specification: ServerSpecification;
  readonly source: 'file' | 'api';
  /** Replaced as a whole, by the server's session actor only. */
  told: SessionFacts;
  readonly counts: CallCounts;
  /** Waiting for the session to end; called and forgotten by its actor. */
  readonly waiters: Set<() => void>;
  /** The last known lists as they are shown: only the tools the specification lets through. */
  readonly lists: Lists;
  /** Whether the server ever told its lists, in this life or an earlier one. */
  readonly hasLists: boolean;
  /** Whether the server listed this tool, and the filter lets it through. */
  hasTool(tool: string): boolean;
}

export interface Ledger {
  readonly entries: ReadonlyMap<string, ServerEntry>;
  /** Adds an entry, or gives an old one its new specification; a living session goes by its limits from now on. */
  put(specification: ServerSpecification, source: 'file' | 'api'): ServerEntry;
  get(server: string): ServerEntry | undefined;
  /** Forgets a server that is gone; its generation is remembered. */
  drop(server: string): void;
  /** Resolves when the server has no session any more. */
  gone(server: string): Promise<void>;
}

/** `highestGeneration` knows the generations of an earlier life. */
export function createLedger(highestGeneration: (server: string) => number): Ledger {
  const entries = new Map<string, Entry>();
  const dropped = new Map<string, number>();
  return {
    entries,
    put(specification, source) {
      const { name } = specification;
      const known = entries.get(name);
      if (known !== undefined) {
        limitSession(known, specification);
        known.specification = specification;
        known.source = source;
        return known;
      }
      const entry = new Entry(specification, source, Math.max(highestGeneration(name), dropped.get(name) ?? 0));
      entries.set(name, entry);
      return entry;
    },
    get: (server) => entries.get(server),
    drop(server) {
      const entry = entries.get(server);
      if (entry === undefined) return;
      dropped.set(server, entry.told.generation);
      entries.delete(server);
    },
    gone(server) {
      const entry = entries.get(server);
      if (entry === undefined || entry.told.session === null) return Promise.resolve();
      return new Promise((resolve) => entry.waiters.add(resolve));
    },
  };
}

/** The lists as a filter shows them, made when first asked for. */
interface Shown {
  readonly told: Lists;
  readonly filter: ServerSpecification['tools'];
  readonly lists: Lists;
  readonly toolNames: ReadonlySet<string>;
}

class Entry implements ServerEntry {
  readonly name: string;
  specification: ServerSpecification;
  source: 'file' | 'api';
  told: SessionFacts;
  readonly counts: CallCounts = { made: 0, failed: 0 };
  readonly waiters = new Set<() => void>();
  #shown: Shown | null = null;

  constructor(specification: ServerSpecification, source: 'file' | 'api', generation: number) {
    this.name = specification.name;
    this.specification = specification;
    this.source = source;
    this.told = factsBefore(generation);
  }

  get lists(): Lists {
    return this.#show().lists;
  }

  get hasLists(): boolean {
    return this.told.lists !== noLists;
  }

  hasTool(tool: string): boolean {
    return this.#show().toolNames.has(tool);
  }

  #show(): Shown {
    const { lists: told } = this.told;
    const { tools: filter } = this.specification;
    let shown = this.#shown;
    if (shown === null || shown.told !== told || shown.filter !== filter) {
      const tools = showsAll(filter) ? told.tools : told.tools.filter(({ name }) => mayShow(name, filter));
      const lists = tools === told.tools ? told : { ...told, tools };
      shown = { told, filter, lists, toolNames: new Set(tools.map(({ name }) => name)) };
      this.#shown = shown;
    }
    return shown;
  }
}

/** Limits change without a restart; most plans leave them as they are. */
function limitSession({ told, specification: before }: ServerEntry, after: ServerSpecification): void {
  const [old, limits] = [callLimitsOf(before), callLimitsOf(after)];
  const isSame = Object.entries(limits).every(([name, limit]) => old[name as keyof typeof old] === limit);
  if (!isSame) told.session?.limit(limits);
}
