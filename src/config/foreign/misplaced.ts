/** Finds servers in a document where this version does not look for them: a slip in the one key, or another program's. */

import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import { isRecord } from '../../text/json.ts';
import { isComment } from '../entries/names.ts';
import { errorAt, type Path, warningAt } from '../problems.ts';
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

/** In such keys at any depth, servers are servers. */
const meantKey = /mcp|servers|contextprotocol/i;
/** Levels that are looked at: no known program puts its servers deeper. */
const mostLevels = 6;
/** Places that are told. */
const mostPlaces = 20;

/**
 * Servers where they are not read. Without servers in `mcpServers` they are errors: the document was meant to have some.
 */
export function misplacedServers(document: Fields): readonly Problem[] {
  const { mcpServers } = document;
  if (mcpServers !== undefined && !isRecord(mcpServers)) return [];
  if (isEntry(document)) return [errorAt([], 'is one entry without a name', 'write {"mcpServers": {"name": {…}}}')];
  const keys = Object.keys(document).filter((key) => !known.has(key) && !isComment(key));
  const places = keys.flatMap((key) => placesIn(key, entryOf(document, key))).slice(0, mostPlaces);
  const isMeant = isRecord(mcpServers) && Object.keys(mcpServers).some((key) => !isComment(key));
  // A key that means nothing here may hold what looks like an entry.
  return isMeant
    ? places.filter(({ isBare }) => !isBare).map((place) => toProblem(place, warningAt))
    : places.map((place) => toProblem(place, errorAt));
}

/** A map of servers inside the map of servers. */
export function isMapOfEntries(value: unknown): boolean {
  if (!isRecord(value) || isEntry(value) || 'transport' in value) return false;
  return Object.values(value).every(isRecord) && holdsEntries(value);
}

interface Place {
  readonly path: Path;
  /** It is one entry, not a map of some. */
  readonly isBare: boolean;
}

function placesIn(key: string, value: unknown): readonly Place[] {
  const at = [key];
  if (isEntry(value)) return [{ path: at, isBare: true }];
  if (holdsEntries(value)) return [{ path: at, isBare: false }];
  const isOurs = closestTo(key, ['mcpServers']) !== null;
  if ((isOurs || foreignKeys.has(key)) && isRecord(value) && Object.keys(value).length === 0)
    return [{ path: at, isBare: false }];
  return deeper(at, value, meantKey.test(key));
}

/** `isMeant`: a key above says that these are servers. */
function deeper(path: Path, value: unknown, isMeant: boolean): readonly Place[] {
  if (typeof value !== 'object' || value === null || path.length >= mostLevels) return [];
  const places: Place[] = [];
  for (const [key, inner] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    const isHere = isMeant || meantKey.test(key);
    if (isHere && (isEntry(inner) || holdsEntries(inner))) places.push({ path: at, isBare: isEntry(inner) });
    else places.push(...deeper(at, inner, isHere));
    if (places.length >= mostPlaces) break;
  }
  return places;
}

function toProblem({ path, isBare }: Place, problemAt: typeof errorAt): Problem {
  return isBare
    ? problemAt(path, 'is an entry of a server beside the map of servers', 'put it into {"mcpServers": {…}}')
    : problemAt(
        path,
        'is where another program has its servers; here they are not read',
        'call it mcpServers, at the top',
      );
}

export function isEntry(value: unknown): boolean {
  if (!isRecord(value)) return false;
  return entryKeys.some((key) => {
    const field = entryOf(value, key);
    return typeof field === 'string' || (key === 'command' && isCommand(field));
  });
}

/** Some programs write the command as a list, or as an object with a path. */
function isCommand(field: unknown): boolean {
  if (Array.isArray(field)) return field.length > 0 && field.every((word) => typeof word === 'string');
  return isRecord(field) && typeof entryOf(field, 'path') === 'string';
}

/** Some programs have a list of entries with names. */
function holdsEntries(value: unknown): boolean {
  if (!Array.isArray(value) && !isRecord(value)) return false;
  return Object.values(value).some(
    (inner) => isEntry(inner) || (isRecord(inner) && isEntry(entryOf(inner, 'transport'))),
  );
}
