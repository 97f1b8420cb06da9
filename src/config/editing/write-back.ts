/** Writes edits of servers into the text of a configuration, and leaves every other character of it as it is. */

import { isDeepStrictEqual } from 'node:util';
import { type Node, parseTree } from 'jsonc-parser';
import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import { isRecord, isTooDeep } from '../../text/json.ts';
import { readJsonc } from '../file/jsonc.ts';
import { errorAt, type Path } from '../problems.ts';
import { isPlain } from './kept.ts';
import { type FieldChanges, withFields } from './rewriting.ts';
import type { TextEdit } from './splice.ts';
import { styleOf } from './written.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface FileEdit {
  /** Its name; null: the part under `mcpvisor`. */
  readonly server: string | null;
  /** What it becomes. Null: it goes. */
  readonly after: Fields | null;
}

/** `text` is null if there are problems. */
export type WrittenBack =
  | { readonly text: string; readonly problems: readonly [] }
  | { readonly text: null; readonly problems: readonly Problem[] };

/** Where a document may have its servers; the first that is there counts. */
const places: readonly Path[] = [['mcpServers'], ['servers'], ['mcp', 'servers'], ['mcp.servers']];

/**
 * The text after the edits; of several of one server the last one counts. What an entry says already stays as it is
 * written, and a new one comes last. Of a name that stands twice the last one counts: it is edited, and the others go.
 * An empty text becomes a document. Does not throw.
 */
export function writeBack(text: string, given: readonly FileEdit[]): WrittenBack {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const content = text.slice(mark.length).trim() === '' ? '{}\n' : text.slice(mark.length);
  const { value, problems } = readJsonc(content);
  if (!isRecord(value)) return refused(problems.length > 0 ? problems : [noObject([])]);
  const unwritable = given.flatMap(({ server, after }) =>
    mistakesIn(after, server === null ? ['mcpvisor'] : ['mcpServers', server]),
  );
  if (unwritable.length > 0) return refused(unwritable);
  const edits = given.map(({ server, after }) => ({ server, after: asRead(after) }));
  const place = places.find((path) => isRecord(valueAt(value, path))) ?? ['mcpServers'];
  const servers = valueAt(value, place) ?? {};
  if (!isRecord(servers)) return refused([noObject(place)]);
  const changes = changesOf(edits);
  const intended = withMap(withFieldsOf(value, changes.whole), place, withFieldsOf(servers, changes.servers));
  const result = applied(content, textEditsFor(content, place, changes));
  const written = readJsonc(result);
  if (written.problems.length > 0) return refused(written.problems);
  // It is somebody's file: what would say anything else is not written.
  if (!isDeepStrictEqual(written.value, intended)) return refused([notExact]);
  return { text: mark + result, problems: [] };
}

function refused(problems: readonly Problem[]): WrittenBack {
  return { text: null, problems };
}

function noObject(path: Path): Problem {
  return errorAt(path, 'must be an object: {"name": {…}}', null);
}

const notExact = errorAt([], 'cannot be written without harm to the rest', 'edit the file by hand');

interface Changes {
  readonly servers: FieldChanges;
  /** Of the document itself. */
  readonly whole: FieldChanges;
}

function changesOf(edits: readonly FileEdit[]): Changes {
  const servers = new Map<string, unknown>();
  const whole = new Map<string, unknown>();
  for (const { server, after } of edits) {
    if (server === null) whole.set('mcpvisor', after ?? undefined);
    else servers.set(server, after ?? undefined);
  }
  return { servers, whole };
}

function textEditsFor(text: string, place: Path, { servers, whole }: Changes): readonly TextEdit[] {
  const document = { text, style: styleOf(text) };
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (root === undefined) return [];
  const map = nodeAt(root, place);
  if (map !== undefined) return [...withFields(document, map, servers), ...withFields(document, root, whole)];
  const fresh = withFieldsOf({}, servers);
  const added = Object.keys(fresh).length === 0 ? [] : [['mcpServers', fresh] as const];
  return withFields(document, root, new Map([...whole, ...added]));
}

function applied(text: string, edits: readonly TextEdit[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const { start, end, content } of edits.toSorted((one, other) => one.start - other.start)) {
    parts.push(text.slice(done, Math.max(done, start)), content);
    done = Math.max(done, end);
  }
  return parts.join('') + text.slice(done);
}

function nodeAt(node: Node | undefined, [name, ...rest]: Path): Node | undefined {
  if (name === undefined) return node;
  const field = node?.children?.findLast(({ children: [key] = [] }) => key?.value === name);
  return field === undefined ? undefined : nodeAt(field.children?.[1], rest);
}

function valueAt(value: unknown, [name, ...rest]: Path): unknown {
  if (name === undefined) return value;
  return isRecord(value) ? valueAt(entryOf(value, String(name)), rest) : undefined;
}

function withFieldsOf(fields: Fields, changes: FieldChanges): Fields {
  const all = new Map([...Object.entries(fields), ...changes]);
  return Object.fromEntries([...all].filter(([name, value]) => value !== undefined || !changes.has(name)));
}

/** The value with this map in its place; without it, if there was none and it is empty. */
function withMap(value: unknown, [name, ...rest]: Path, map: Fields): unknown {
  if (name === undefined) return map;
  const fields = isRecord(value) ? value : {};
  const known = entryOf(fields, String(name));
  if (known === undefined && Object.keys(map).length === 0) return fields;
  return { ...fields, [name]: withMap(known, rest, map) };
}

/** What a document cannot say. Fields that are undefined are as good as absent. */
function mistakesIn(value: unknown, path: Path): readonly Problem[] {
  if (isTooDeep(value)) return [errorAt(path, 'is nested too deeply', null)];
  if (value === null || ['undefined', 'string', 'boolean'].includes(typeof value) || Number.isFinite(value)) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => mistakesIn(item ?? null, [...path, index]));
  if (isRecord(value) && isPlain(value))
    return Object.entries(value).flatMap(([key, field]) => mistakesIn(field, [...path, key]));
  return [errorAt(path, 'cannot be written into a file', 'only texts, numbers, true, false, lists and objects can')];
}

/** As a reader of its text gets it: without fields that are undefined. */
function asRead(entry: Fields | null): Fields | null {
  const value: unknown = JSON.parse(JSON.stringify(entry));
  return isRecord(value) ? value : null;
}
