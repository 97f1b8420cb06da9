/** Finds servers in a document where this version does not look for them: a slip in the one key, or another program's. */

import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import { isRecord } from '../../text/json.ts';
import { isComment } from '../entries/names.ts';
import { errorAt, type Path } from '../problems.ts';
import { closestTo } from '../spelling.ts';

type Fields = Readonly<Record<string, unknown>>;

/** One of these is in every entry of every program that we know of. */
const entryKeys = ['command', 'cmd', 'url', 'uri', 'httpUrl', 'serverUrl', 'baseUrl'];

/** Other programs' keys for the map of servers. */
const foreignKeys: ReadonlySet<string> = new Set([
  'servers',
  'mcp',
  'mcp.servers',
  'mcp_servers',
  'mcp-servers',
  'context_servers',
  'extensions',
  'amp.mcpServers',
]);

/** Keys that are read, or that other programs need beside their servers. */
const known: ReadonlySet<string> = new Set(['$schema', 'mcpServers', 'mcpvisor', 'inputs']);

/**
 * Why a document without servers was meant to have some; empty: it was not. `mcpServers` with an entry says that it was
 * written for us.
 */
export function misplacedServers(document: Fields): readonly Problem[] {
  const { mcpServers } = document;
  if (mcpServers !== undefined && !(isRecord(mcpServers) && Object.keys(mcpServers).length === 0)) return [];
  const keys = Object.keys(document).filter((key) => !known.has(key) && !isComment(key));
  if (isEntry(document)) return [errorAt([], 'is one entry without a name', 'write {"mcpServers": {"name": {…}}}')];
  return keys.flatMap((key) => {
    const path = placeOfServers(key, entryOf(document, key));
    return path === null ? [] : [toProblem(path, isEntry(entryOf(document, key)))];
  });
}

/** Null: nothing there is meant as servers. */
function placeOfServers(key: string, value: unknown): Path | null {
  if (isEntry(value) || holdsEntries(value)) return [key];
  if (isRecord(value))
    for (const inner of ['servers', 'mcpServers']) if (holdsEntries(entryOf(value, inner))) return [key, inner];
  const isOurs = closestTo(key, ['mcpServers']) !== null;
  return isOurs || (foreignKeys.has(key) && isRecord(value) && Object.keys(value).length === 0) ? [key] : null;
}

function toProblem(path: Path, isBare: boolean): Problem {
  return isBare
    ? errorAt(path, 'is an entry of a server beside the map of servers', 'put it into {"mcpServers": {…}}')
    : errorAt(
        path,
        'is where another program has its servers; here they are not read',
        'call it mcpServers, at the top',
      );
}

function isEntry(value: unknown): boolean {
  return isRecord(value) && entryKeys.some((key) => typeof entryOf(value, key) === 'string');
}

/** Some programs have a list of entries with names. */
function holdsEntries(value: unknown): boolean {
  return (Array.isArray(value) || isRecord(value)) && Object.values(value).some(isEntry);
}
