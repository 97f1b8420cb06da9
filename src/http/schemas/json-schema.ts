/** Schemas as JSON Schema, for the OpenAPI document: those that have a name are described once and referred to. */

import * as z from 'zod';
import { schemaNames, wires } from './names.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What requests must be like, and answers are like. */
const options = { io: 'input', unrepresentable: 'any', override: describeAsSent } as const;

/** A reference if the schema has a name, or a choice between references if it is a union of named ones. */
export function refTo(schema: z.core.$ZodType): Json {
  const known = schemaNames.get(schema);
  if (known !== undefined) return { $ref: uriOf(known.id) };
  if (schema instanceof z.ZodUnion) return { anyOf: schema.options.map(refTo) };
  return toJsonSchema(schema);
}

export function toJsonSchema(schema: z.core.$ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema as z.ZodType, options) as Record<string, unknown>;
  return rest;
}

/** Every named schema, by its name. */
export function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(schemaNames, { ...options, uri: uriOf });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $id: _, $schema: __, ...schema }]) => [id, schema]));
}

function uriOf(id: string): string {
  return `#/components/schemas/${id}`;
}

/** zod describes the text of a query; clients want to know what it stands for. */
function describeAsSent({
  zodSchema,
  jsonSchema,
}: {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: Record<string, unknown>;
}): void {
  const wire = wires.get(zodSchema);
  if (wire === undefined) return;
  for (const keyword of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, keyword);
  Object.assign(jsonSchema, wire);
}
