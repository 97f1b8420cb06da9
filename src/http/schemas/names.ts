/** Names of schemas in the OpenAPI document: each schema that has one is described once. */

import * as z from 'zod';

export const schemaNames = z.registry<{ readonly id: string }>();

export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  schemaNames.add(schema, { id });
  return schema;
}

/** A value in a query as a JSON Schema: what it stands for, not the text it is sent as. */
export interface Wire {
  readonly type: 'integer' | 'boolean' | 'array';
  readonly [keyword: string]: unknown;
}

export const wires = z.registry<Wire>();

/** Describes a schema that reads text. */
export function sentAs<Schema extends z.ZodType>(wire: Wire, schema: Schema): Schema {
  wires.add(schema, wire);
  return schema;
}

/** UTC ISO 8601 with milliseconds. */
export const time = z.iso.datetime({ precision: 3 });

/** Data of servers and hosts, passed on as it is. */
export const anything = z.unknown();

export const anyRecord = z.record(z.string(), z.unknown());
