/**
 * Requests drawn from what the API says it takes, and from what it does not: for a fuzz that knows where the doors are.
 */

import * as fc from 'fast-check';
import { z } from 'zod';
import type { Endpoint } from '../../src/http/endpoint.ts';

export interface DrawnRequest {
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly body: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const words = fc.constantFrom(
  'talk',
  'other',
  'nobody',
  'echo',
  'group:default',
  'supervisor',
  'server:talk',
  '*',
  'server',
  'ping',
  'tools/list',
);
const text = fc.oneof(
  { weight: 4, arbitrary: words },
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '__proto__', '../..', '%', '0', '-1', 'null'),
);

export function requestsTo(endpoints: readonly Endpoint[]): fc.Arbitrary<DrawnRequest> {
  return fc.constantFrom(...endpoints).chain((endpoint) =>
    fc.record({
      endpoint: fc.constant(endpoint),
      path: pathOf(endpoint),
      body: bodyOf(endpoint),
      headers: headersOf(),
    }),
  );
}

function pathOf({ path, query }: Endpoint): fc.Arbitrary<string> {
  const pieces = path
    .split('/')
    .map((piece) =>
      piece.startsWith('{') ? text.filter((word) => word !== '').map(encodeURIComponent) : fc.constant(piece),
    );
  const known = Object.keys(query.shape).map((name) =>
    fc.tuple(fc.constant(name), fc.oneof(fc.nat(60).map(String), text)),
  );
  const parameter = fc.oneof(...known, fc.tuple(text, text));
  const parameters = fc
    .array(parameter, { maxLength: known.length + 1 })
    .map((pairs) => new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString());
  return fc
    .tuple(fc.tuple(...pieces), parameters)
    .map(([parts, search]) => `${parts.join('/')}${search === '' ? '' : `?${search}`}`);
}

function bodyOf({ body }: Endpoint): fc.Arbitrary<string | null> {
  if (body === null) return fc.constant(null);
  const schema = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as Schema;
  return fc.oneof(
    { weight: 6, arbitrary: anyValueOf(schema).map((value) => JSON.stringify(value) ?? '') },
    fc.json(),
    fc.string(),
  );
}

/** What the schema says, or now and then anything. */
function anyValueOf(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: asSaid(schema) }, fc.jsonValue());
}

function asSaid({
  type,
  enum: choices,
  const: only,
  anyOf,
  items,
  properties,
  required = [],
}: Schema): fc.Arbitrary<unknown> {
  if (choices !== undefined) return fc.constantFrom(...choices);
  if (only !== undefined) return fc.constant(only);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(anyValueOf));
  if (type === 'array') return fc.array(anyValueOf(items ?? {}), { maxLength: 3 });
  if (type === 'object' && properties !== undefined) {
    const fields = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, anyValueOf(inner)]));
    return fc.record(fields, { requiredKeys: [...required] });
  }
  if (type === 'object') return fc.dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
  if (type === 'integer' || type === 'number') return fc.integer({ min: -1, max: 60 });
  if (type === 'boolean') return fc.boolean();
  return type === 'string' ? text : fc.jsonValue();
}

function headersOf(): fc.Arbitrary<Readonly<Record<string, string>>> {
  const type = fc.oneof(
    { weight: 9, arbitrary: fc.constant('application/json') },
    fc.constantFrom('text/plain', 'application/json; charset=utf-8', ''),
  );
  const accept = fc.oneof({ weight: 9, arbitrary: fc.constant('application/json') }, fc.constant('text/event-stream'));
  return fc.record({ 'content-type': type, accept }).map((headers) => headers);
}
