/** Which kinds of JSON values the JSON Schema of a tool takes for an argument. */

import { entryOf } from '../../../../machines/table.ts';
import { isRecord } from '../../../text/json.ts';

const kinds = ['null', 'boolean', 'number', 'string', 'array', 'object'] as const;

export type Kind = (typeof kinds)[number];

type Schema = Readonly<Record<string, unknown>>;

/** References and alternatives are followed so deep, and so many in all: a server may have each of them lead to two. */
const mostLevels = 16;
const mostSchemas = 1_000;

/** Null: whatever there is. */
export function kindsOf(inputSchema: unknown, argument: string): ReadonlySet<Kind> | null {
  if (!isRecord(inputSchema)) return null;
  const { properties, additionalProperties } = inputSchema;
  const named = isRecord(properties) && Object.hasOwn(properties, argument) ? entryOf(properties, argument) : null;
  const found = kindsIn(named ?? additionalProperties, { root: inputSchema, seen: 0 }, mostLevels);
  return found === null ? null : new Set(found);
}

export function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return kinds.find((kind) => kind === typeof value) ?? 'object';
}

interface Search {
  readonly root: Schema;
  seen: number;
}

function kindsIn(schema: unknown, search: Search, levels: number): readonly Kind[] | null {
  search.seen += 1;
  if (!isRecord(schema) || levels === 0 || search.seen > mostSchemas) return null;
  const { type, enum: choices, anyOf, oneOf, allOf, $ref } = schema;
  if ('const' in schema) return [kindOf(schema.const)];
  if (Array.isArray(choices)) return choices.map(kindOf);
  if (type !== undefined) return [type].flat().flatMap(toKind);
  if (typeof $ref === 'string') return kindsIn(target($ref, search.root), search, levels - 1);
  const alternatives = [anyOf, oneOf].find(Array.isArray);
  if (alternatives !== undefined) {
    const found = alternatives.map((one) => kindsIn(one, search, levels - 1));
    return found.includes(null) ? null : found.flatMap((one) => one ?? []);
  }
  if (!Array.isArray(allOf)) return null;
  // Any of them that says something.
  return allOf.map((one) => kindsIn(one, search, levels - 1)).find((one) => one !== null) ?? null;
}

function toKind(type: unknown): readonly Kind[] {
  return kinds.filter((kind) => kind === (type === 'integer' ? 'number' : type));
}

/** What `#/$defs/Name` points to. */
function target($ref: string, root: Schema): unknown {
  if (!$ref.startsWith('#/')) return null;
  const steps = $ref
    .slice(2)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.reduce<unknown>(
    (within, step) => (isRecord(within) && Object.hasOwn(within, step) ? entryOf(within, step) : null),
    root,
  );
}
