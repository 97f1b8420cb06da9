/**
 * What is known of each server apart from its chart. Each part of an entry has one writer: the ledger writes the
 * specification, the session's actor writes what the sessions reported, and the calls write their counts.
 */

import { isDeepStrictEqual } from 'node:util';
import { McpvisorError } from '../errors.ts';
import type { Lists } from '../session/contract.ts';
import { callLimitsOf } from '../session/request.ts';
import type { ServerSpecification } from '../specification.ts';
import type { EntrySource } from './contract/configuration.ts';
import { factsBefore, noLists, type SessionFacts } from './session-facts.ts';
import { mayShow, showsAll } from './tool-filter.ts';

/** Calls made to a server, over all its sessions. Only `calls/performing.ts` writes them. */
export interface CallCounts {
  made: number;
  failed: number;
  /** Not settled yet: sent, or waiting to be sent. */
  open: number;
}

export interface ServerEntry {
  readonly name: string;
  /** The id of its actor. */
  readonly actor: string;
  readonly specification: ServerSpecification;
  readonly source: EntrySource;
  /** What its sessions reported. Only the server's session actor writes it, always as a whole. */
  reported: SessionFacts;
  readonly counts: CallCounts;
  /** Called and removed by the session's actor when the session has ended. */
  readonly waiters: Set<() => void>;
  /** The last known lists, with only those tools that the specification offers. */
  readonly lists: Lists;
  /** Whether the server listed anything in this run, in this session or an earlier one. */
  readonly hasLists: boolean;
  /** Whether the server listed this tool and the specification offers it. */
  hasTool(tool: string): boolean;
}

export interface Ledger {
  readonly entries: ReadonlyMap<string, ServerEntry>;
  /** Adds an entry, or gives an existing one its new specification, whose limits apply to the open session at once. */
  put(specification: ServerSpecification, source: EntrySource): ServerEntry;
  get(server: string): ServerEntry | undefined;
  /** The error about a name that no server has. */
  unknown(server: string): McpvisorError;
  /** Removes a server. Its generation is remembered. */
  drop(server: string): void;
  /** Resolves when the server has no session. Never rejects. */
  gone(server: string): Promise<void>;
}

/** Names an error tells at most: a request may have a thousand unknown ones. */
const mostNamed = 100;

/** What is known of a server from earlier runs. */
export interface EarlierRuns {
  readonly highestGeneration: (server: string) => number;
  /** Its last known lists; null: there are none. */
  readonly listsOf: (server: string) => Lists | null;
}

export function createLedger({ highestGeneration, listsOf }: EarlierRuns): Ledger {
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
      const generation = Math.max(highestGeneration(name), dropped.get(name) ?? 0);
      const entry = new Entry(specification, source, { generation, lists: listsOf(name) ?? noLists });
      entries.set(name, entry);
      return entry;
    },
    get: (server) => entries.get(server),
    unknown: (server) => unknownServer(server, entries.keys()),
    drop(server) {
      const entry = entries.get(server);
      if (entry === undefined) return;
      dropped.set(server, entry.reported.generation);
      entries.delete(server);
    },
    gone(server) {
      const entry = entries.get(server);
      if (entry === undefined || entry.reported.session === null) return Promise.resolve();
      return new Promise((resolve) => entry.waiters.add(resolve));
    },
  };
}

/** The error about a name that is none of these. */
export function unknownServer(server: string, names: Iterable<string>): McpvisorError {
  return new McpvisorError('SERVER_NOT_FOUND', { server, known: [...names].slice(0, mostNamed) });
}

/** The filtered lists, cached until the lists or the filter change. */
interface Shown {
  readonly all: Lists;
  readonly filter: ServerSpecification['tools'];
  readonly lists: Lists;
  readonly toolNames: ReadonlySet<string>;
}

class Entry implements ServerEntry {
  readonly name: string;
  readonly actor: string;
  specification: ServerSpecification;
  source: EntrySource;
  reported: SessionFacts;
  readonly counts: CallCounts = { made: 0, failed: 0, open: 0 };
  readonly waiters = new Set<() => void>();
  #shown: Shown | null = null;
  readonly #earlierLists: Lists;

  constructor(
    specification: ServerSpecification,
    source: EntrySource,
    earlier: { readonly generation: number; readonly lists: Lists },
  ) {
    this.name = specification.name;
    this.actor = `server:${this.name}`;
    this.specification = specification;
    this.source = source;
    this.#earlierLists = earlier.lists;
    this.reported = factsBefore(earlier);
  }

  get lists(): Lists {
    return this.#show().lists;
  }

  get hasLists(): boolean {
    return this.reported.lists !== this.#earlierLists;
  }

  hasTool(tool: string): boolean {
    return this.#show().toolNames.has(tool);
  }

  #show(): Shown {
    const { lists: all } = this.reported;
    const { tools: filter } = this.specification;
    let shown = this.#shown;
    if (shown === null || shown.all !== all || shown.filter !== filter) {
      const tools = showsAll(filter) ? all.tools : all.tools.filter(({ name }) => mayShow(name, filter));
      const lists = tools === all.tools ? all : { ...all, tools };
      shown = { all, filter, lists, toolNames: new Set(tools.map(({ name }) => name)) };
      this.#shown = shown;
    }
    return shown;
  }
}

/** Tells the open session its new limits, if they changed: they need no restart. */
function limitSession({ reported, specification: before }: ServerEntry, after: ServerSpecification): void {
  const [old, limits] = [callLimitsOf(before), callLimitsOf(after)];
  const isSame = isDeepStrictEqual(old, limits);
  if (!isSame) reported.session?.limit(limits);
}
