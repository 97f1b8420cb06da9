/** Tools, resources and prompts of all servers; for a server that is not connected, the last known ones. */

import { createHash } from 'node:crypto';
import type { Lists } from '../../session/contract.ts';
import type { CatalogFilter, CatalogItem, CatalogTool } from '../contract.ts';
import type { Ledger, ServerEntry } from '../ledger.ts';

/**
 * Longest exposed name: model APIs accept 64 characters, and a client may add a prefix of its own.
 */
const maxNameLength = 50;
const digestLength = 8;

export interface ToolPlace {
  readonly server: string;
  /** A name that `callTool` accepts. */
  readonly tool: string;
}

export interface Catalog {
  tools(filter?: CatalogFilter): readonly CatalogTool[];
  items(list: 'resources' | 'resourceTemplates' | 'prompts', filter?: CatalogFilter): readonly CatalogItem[];
  /** The server and tool of an exposed name; null: no known tool has it. */
  resolve(exposedName: string): ToolPlace | null;
  /** The exposed name of the first tool that its server calls so; null: none does. */
  exposedNameOf(tool: string, servers?: readonly string[]): string | null;
  /** The first exposed names, at most so many. */
  exposedNames(most: number, servers?: readonly string[]): readonly string[];
  /** A server whose tools are not known yet, and which may have a tool with this exposed name; null: there is none. */
  presume(exposedName: string): ToolPlace | null;
}

export function createCatalog(ledger: Ledger, isConnected: (server: string) => boolean): Catalog {
  /** Of each list that was asked for: a model may call many tools at once, and a digest for each name takes its time. */
  const known = new WeakMap<Lists['tools'], ReadonlyMap<string, string>>();
  const toolsByExposedName = ({ name: server, lists: { tools } }: ServerEntry): ReadonlyMap<string, string> => {
    const names = known.get(tools) ?? new Map(tools.map(({ name }) => [exposedNameOf(server, name), name]));
    known.set(tools, names);
    return names;
  };
  const chosen = ({ servers, stale = true }: CatalogFilter = {}): readonly ServerEntry[] => {
    const wanted = servers === undefined ? null : new Set(servers);
    return [...ledger.entries.values()].filter(
      ({ name }) => wanted?.has(name) !== false && (stale || isConnected(name)),
    );
  };
  const list = (entry: ServerEntry, name: keyof Omit<Lists, 'problems'>) => {
    const stale = !isConnected(entry.name);
    return entry.lists[name].map((item) => ({ ...item, server: entry.name, stale }));
  };
  return {
    tools: (filter) =>
      chosen(filter).flatMap((entry) => {
        const stale = !isConnected(entry.name);
        return entry.lists.tools.map((tool) => ({
          ...tool,
          server: entry.name,
          exposedName: exposedNameOf(entry.name, tool.name),
          autoApprove: approves(entry, tool.name),
          stale,
        }));
      }),
    items: (name, filter) => chosen(filter).flatMap((entry) => list(entry, name)),
    resolve(exposedName) {
      for (const entry of ledger.entries.values()) {
        if (!exposedName.startsWith(toSafe(entry.name).slice(0, 8))) continue;
        const tool = toolsByExposedName(entry).get(exposedName);
        if (tool !== undefined) return { server: entry.name, tool };
      }
      return null;
    },
    exposedNameOf(tool, servers) {
      const entry = chosen(servers && { servers }).find((one) => one.hasTool(tool));
      return entry === undefined ? null : exposedNameOf(entry.name, tool);
    },
    exposedNames(most, servers) {
      const names: string[] = [];
      for (const entry of chosen(servers && { servers })) {
        for (const name of toolsByExposedName(entry).keys()) {
          if (names.length === most) return names;
          names.push(name);
        }
      }
      return names;
    },
    presume(exposedName) {
      const entry = [...ledger.entries.values()].find(
        (one) =>
          !one.hasLists && exposedName.startsWith(`${toSafe(one.name)}__`.slice(0, maxNameLength - digestLength - 1)),
      );
      return entry === undefined ? null : { server: entry.name, tool: exposedName };
    },
  };
}

/**
 * `server__tool`: at most 50 characters, all of which every model API accepts. A name that has to be changed to fit
 * gets a digest of the original names. So two tools never share a name, and no name depends on which other servers
 * exist.
 */
function exposedNameOf(server: string, tool: string): string {
  const plain = `${server}__${tool}`;
  const safe = `${toSafe(server)}__${toSafe(tool)}`;
  if (safe === plain && plain.length <= maxNameLength && isUnambiguous(server, tool)) return plain;
  const digest = createHash('sha256').update(`${server}\0${tool}`).digest('hex').slice(0, digestLength);
  return `${safe.slice(0, maxNameLength - digestLength - 1)}_${digest}`;
}

function approves({ specification: { autoApprove } }: ServerEntry, tool: string): boolean {
  return autoApprove.includes(tool) || autoApprove.includes('*');
}

function toSafe(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_');
}

/** Whether the server's name ends at the first `__` of the exposed name. */
function isUnambiguous(server: string, tool: string): boolean {
  return !server.includes('__') && !server.endsWith('_') && !tool.startsWith('_');
}
