/**
 * Converts input schemas to what model APIs accept, with the same meaning. What an API refuses at the top level goes
 * into a note for the tool's description.
 */

import { entryOf } from '../../../../machines/table.ts';
import { isRecord, isTooDeep } from '../../../text/json.ts';
import type { ModelSchema } from '../../contract/model-messages.ts';

type Schema = Readonly<Record<string, unknown>>;

export interface ModelInput {
  readonly schema: ModelSchema;
  /** What the arguments must also satisfy, as text; null: the schema says everything. */
  readonly note: string | null;
}

/**
 * OpenAI and Anthropic refuse a whole request if one tool has any of these at the top level (`$ref`: because they want
 * a `type` there).
 */
const refusedAtTop = ['$ref', 'allOf', 'anyOf', 'oneOf', 'enum', 'not'] as const;

/** Nobody writes deeper schemas, and a deep one could overflow the stack, here or when it is serialized. */
const maxDepth = 100;

const schemaKeywords = new Set([
  'items',
  'additionalProperties',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'unevaluatedProperties',
]);
const listKeywords = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items']);
const mapKeywords = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);

/** A schema with only these keywords can be merged with another one without loss. */
const mergeable = new Set([
  'type',
  'properties',
  'required',
  'title',
  'description',
  '$schema',
  '$id',
  '$defs',
  'definitions',
  '$comment',
]);

/** Schemas as text, each written once: parts may name the same one thousands of times. */
type TextOf = (schema: unknown) => string;

function createTextOf(): TextOf {
  const known = new WeakMap<object, string>();
  return (schema) => {
    if (typeof schema !== 'object' || schema === null) return JSON.stringify(schema) ?? '';
    const text = known.get(schema) ?? JSON.stringify(schema);
    known.set(schema, text);
    return text;
  };
}

export function toModelInput(inputSchema: unknown): ModelInput {
  const root = isRecord(inputSchema) ? inputSchema : {};
  if (isTooDeep(root, maxDepth))
    return {
      schema: { type: 'object', properties: {} },
      note: 'Its arguments are nested too deeply to be described here.',
    };
  const { schema, remainder } = withoutRefused(root);
  const converted = toDraft2020(schema);
  const isChanged = root.$schema !== undefined && JSON.stringify(converted) !== JSON.stringify(schema);
  const properties = isRecord(converted.properties) ? converted.properties : {};
  return {
    schema: {
      ...converted,
      ...(isChanged && { $schema: 'https://json-schema.org/draft/2020-12/schema' }),
      type: 'object',
      properties,
    },
    note:
      Object.keys(remainder).length === 0
        ? null
        : `The arguments also have to match this JSON Schema: ${JSON.stringify(remainder)}`,
  };
}

/**
 * Moves what alternatives and parts have in common to the top level, so that a model sees every property. The rest is
 * returned as `remainder`.
 */
function withoutRefused(root: Schema): { readonly schema: Schema; readonly remainder: Schema } {
  const refused = refusedAtTop.filter((keyword) => root[keyword] !== undefined);
  if (refused.length === 0) return { schema: root, remainder: {} };
  const textOf = createTextOf();
  const properties = new Map(Object.entries(isRecord(root.properties) ? root.properties : {}));
  const required = new Set(textsIn(root.required));
  const remainder: Record<string, unknown> = {};
  // It forbids every property that is not listed next to it, also those that the parts add.
  const isClosed = root.additionalProperties === false;

  for (const keyword of ['$ref', 'allOf'] as const) {
    const parts = partsOf(root, keyword);
    const isMerged =
      !isClosed &&
      parts.every((part) => Object.keys(part).every((key) => mergeable.has(key)) && !clashes(part, properties, textOf));
    for (const part of parts) {
      for (const name of textsIn(part.required)) required.add(name);
      if (!isClosed) addProperties(properties, [part], textOf);
    }
    if (root[keyword] !== undefined && !isMerged) remainder[keyword] = root[keyword];
  }
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const parts = partsOf(root, keyword);
    for (const name of inAll(parts.map((part) => textsIn(part.required)))) required.add(name);
    if (!isClosed) addProperties(properties, parts, textOf);
    if (root[keyword] !== undefined) remainder[keyword] = root[keyword];
  }
  for (const keyword of ['enum', 'not'] as const) if (root[keyword] !== undefined) remainder[keyword] = root[keyword];

  const rest = Object.fromEntries(
    Object.entries(root).filter(([key]) => !(refusedAtTop as readonly string[]).includes(key)),
  );
  const schema = {
    ...rest,
    properties: Object.fromEntries(properties),
    ...(required.size > 0 && { required: [...required] }),
  };
  return { schema, remainder };
}

/** The texts that every list has. */
function inAll(lists: readonly (readonly string[])[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const list of lists) for (const text of new Set(list)) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].filter(([, count]) => count === lists.length).map(([text]) => text);
}

/** A property that several parts define differently may match any of them. */
function addProperties(properties: Map<string, unknown>, parts: readonly Schema[], textOf: TextOf): void {
  const found = new Map<string, Map<string, unknown>>();
  for (const { properties: own } of parts) {
    for (const [name, schema] of Object.entries(isRecord(own) ? own : {})) {
      const known = found.get(name) ?? new Map<string, unknown>();
      found.set(name, known.set(textOf(schema), schema));
    }
  }
  for (const [name, known] of found) {
    const [first, ...others] = known.values();
    if (!properties.has(name)) properties.set(name, others.length === 0 ? first : { anyOf: [first, ...others] });
  }
}

function clashes({ properties: own }: Schema, properties: ReadonlyMap<string, unknown>, textOf: TextOf): boolean {
  return Object.entries(isRecord(own) ? own : {}).some(
    ([name, schema]) => properties.has(name) && textOf(properties.get(name)) !== textOf(schema),
  );
}

function partsOf(root: Schema, keyword: (typeof refusedAtTop)[number]): readonly Schema[] {
  const value = root[keyword];
  if (keyword === '$ref') return value === undefined ? [] : [resolved(root, { $ref: value })];
  if (!Array.isArray(value)) return [];
  // Thousands of parts may refer to the same one.
  const found = new Map<unknown, Schema>();
  for (const part of value as readonly unknown[]) {
    const key = isRecord(part) ? (part.$ref ?? part) : part;
    if (!found.has(key)) found.set(key, resolved(root, part));
  }
  return [...new Set(found.values())];
}

/** Resolves a reference within the schema. Anything else is returned as it is. */
function resolved(root: Schema, part: unknown, depth = 0): Schema {
  if (!isRecord(part)) return {};
  const { $ref: reference } = part;
  if (typeof reference !== 'string' || !reference.startsWith('#/') || depth > maxDepth) return part;
  const keys = reference.slice(2).split('/');
  const target = keys.reduce<unknown>((place, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    return isRecord(place) ? entryOf(place, name) : undefined;
  }, root);
  return isRecord(target) ? resolved(root, target, depth + 1) : part;
}

/** Converts to draft 2020-12, which Anthropic wants, and adds the `items` that OpenAI wants for every array. */
function toDraft2020(schema: Schema): Schema {
  const below = (value: unknown) => (isRecord(value) ? toDraft2020(value) : value);
  const convert = (key: string, value: unknown): unknown => {
    if (listKeywords.has(key) && Array.isArray(value)) return value.map(below);
    if (schemaKeywords.has(key)) return below(value);
    if (!mapKeywords.has(key) || !isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, below(one)]));
  };
  const converted: Schema = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, convert(key, value)]),
  );
  if (Array.isArray(converted.items)) {
    const { items, additionalItems = {}, ...rest } = converted;
    return { ...rest, prefixItems: items, items: below(additionalItems) };
  }
  const isArray = schema.type === 'array' || (Array.isArray(schema.type) && schema.type.includes('array'));
  // With an added `items`, `unevaluatedItems` would no longer apply to anything.
  return isArray && converted.items === undefined && converted.unevaluatedItems === undefined
    ? { ...converted, items: {} }
    : converted;
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
