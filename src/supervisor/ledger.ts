/** What is known of each server beside its chart: its specification, its session, what that session told. */

import type { Lists, Peer, Session } from '../session/contract.ts';
import type { ServerSpecification } from '../specification.ts';
import { mayShow, showsAll } from './tool-filter.ts';

export interface ServerEntry {
  readonly name: string;
  specification: ServerSpecification;
  source: 'file' | 'api';
  /** Not null from the opening of a session to its `ended`. */
  session: Session | null;
  /** Highest generation ever opened under this name. */
  generation: number;
  peer: Peer | null;
  /** The last known lists as the server told them; kept when the session ends. */
  listed: Lists;
  /** The same as they are shown: only the tools the specification lets through. */
  lists: Lists;
  /** Names of the tools in `lists`, made when first asked for. */
  toolNames: ReadonlySet<string> | null;
  push: boolean | null;
  calls: number;
  callErrors: number;
  /** Lives begun, over all actors of this name. */
  lives: number;
  /** Waiting for the session to end. */
  readonly mourners: Set<() => void>;
}

const noLists: Lists = { tools: [], resources: [], resourceTemplates: [], prompts: [], problems: [] };

export interface Ledger {
  readonly entries: ReadonlyMap<string, ServerEntry>;
  /** Adds an entry, or gives an old one its new specification. */
  put(specification: ServerSpecification, source: 'file' | 'api'): ServerEntry;
  get(server: string): ServerEntry | undefined;
  /** Forgets a server that is gone; its generation is remembered. */
  drop(server: string): void;
  setLists(entry: ServerEntry, lists: Lists): void;
  /** Resolves when the server has no session any more. */
  gone(server: string): Promise<void>;
}

/** `highestGeneration` knows the generations of an earlier life. */
export function createLedger(highestGeneration: (server: string) => number): Ledger {
  const entries = new Map<string, ServerEntry>();
  const dropped = new Map<string, number>();
  return {
    entries,
    put(specification, source) {
      const { name } = specification;
      const known = entries.get(name);
      if (known !== undefined) {
        known.specification = specification;
        known.source = source;
        setLists(known, known.listed);
        return known;
      }
      const generation = Math.max(highestGeneration(name), dropped.get(name) ?? 0);
      const entry = { name, specification, source, generation, ...nothingYet(), mourners: new Set<() => void>() };
      entries.set(name, entry);
      return entry;
    },
    get: (server) => entries.get(server),
    drop(server) {
      const entry = entries.get(server);
      if (entry === undefined) return;
      dropped.set(server, entry.generation);
      entries.delete(server);
    },
    setLists,
    gone(server) {
      const entry = entries.get(server);
      if (entry === undefined || entry.session === null) return Promise.resolve();
      return new Promise((resolve) => entry.mourners.add(resolve));
    },
  };
}

function nothingYet() {
  return {
    session: null,
    peer: null,
    listed: noLists,
    lists: noLists,
    toolNames: null,
    push: null,
    calls: 0,
    callErrors: 0,
    lives: 0,
  };
}

function setLists(entry: ServerEntry, lists: Lists): void {
  const filter = entry.specification.tools;
  entry.listed = lists;
  entry.lists = showsAll(filter) ? lists : { ...lists, tools: lists.tools.filter(({ name }) => mayShow(name, filter)) };
  entry.toolNames = null;
}

/** Whether the server ever told its lists, in this life or an earlier one. */
export function hasLists(entry: ServerEntry): boolean {
  return entry.listed !== noLists;
}

/** Whether the server listed this tool, and the filter lets it through. */
export function hasTool(entry: ServerEntry, tool: string): boolean {
  entry.toolNames ??= new Set(entry.lists.tools.map(({ name }) => name));
  return entry.toolNames.has(tool);
}
