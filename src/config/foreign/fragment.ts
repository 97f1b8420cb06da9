/** Servers in a text that somebody copied from a page or another program: whichever of the usual shapes it has. */

import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import { isRecord } from '../../text/json.ts';
import { isComment } from '../entries/names.ts';
import { readJsonc } from '../file/jsonc.ts';
import { errorAt, type Path } from '../problems.ts';
import { isEntry } from './misplaced.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Where programs have the map of their servers. */
const places: readonly Path[] = [
  ['mcpServers'],
  ['servers'],
  ['mcp', 'servers'],
  ['mcp', 'mcpServers'],
  ['mcp.servers'],
  ['mcp_servers'],
  ['mcp-servers'],
  ['context_servers'],
  ['amp.mcpServers'],
  ['extensions'],
  ['mcp'],
];

export interface Fragment {
  readonly servers: ReadonlyMap<string, unknown>;
  /** Why there are none. */
  readonly problems: readonly Problem[];
}

/** `given`: a text with JSON and comments, or what such a text says. Does not throw. */
export function fragmentOf(given: unknown): Fragment {
  if (typeof given !== 'string') return serversIn(given);
  const text = given.trim();
  const read = readJsonc(text);
  if (read.problems.length === 0) return serversIn(read.value);
  // Pages show the part without the braces around it.
  const wrapped = text.startsWith('"') ? readJsonc(`{${text.replace(/,$/, '')}}`) : read;
  return wrapped.problems.length === 0 ? serversIn(wrapped.value) : { servers: new Map(), problems: read.problems };
}

function serversIn(document: unknown): Fragment {
  const found = isRecord(document) ? mapIn(document) : null;
  const servers = new Map(Object.entries(found ?? {}).filter(([name]) => !isComment(name)));
  if (servers.size > 0)
    return { servers: new Map([...servers].map(([name, entry]) => [name, withSecrets(entry)])), problems: [] };
  const isBare = isRecord(document) && isEntry(document);
  const problem = isBare
    ? errorAt([], 'is one entry without a name', 'write {"name": {…}}')
    : errorAt([], 'has no servers', 'paste {"mcpServers": {"name": {…}}}, or {"name": {…}}');
  return { servers: new Map(), problems: [problem] };
}

function mapIn(document: Fields): Fields | null {
  const place = places.find((path) => {
    const value = valueAt(document, path);
    return isRecord(value) && !isEntry(value) && Object.values(value).some(isRecord);
  });
  if (place !== undefined) return valueAt(document, place) as Fields;
  return !isEntry(document) && Object.values(document).some(isEntry) ? document : null;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? entryOf(inner, String(key)) : undefined), value);
}

/** There is nobody to ask for `${input:…}`: it is a secret that the operator gives once. */
function withSecrets(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/\$\{input:([^${}]{1,256})\}/g, (_, id: string) => secretFor(id));
  if (Array.isArray(value)) return value.map(withSecrets);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withSecrets(inner)]));
}

/** What a name of a secret may have. */
function secretFor(id: string): string {
  const name = id.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[._-]+/, '');
  return `\${secret:${name === '' ? 'input' : name.slice(0, 64)}}`;
}
