/** The OpenAPI 3.1 document, generated from the endpoints that are served. */

import * as z from 'zod';
import type { ErrorCode } from '../errors.ts';
import type { AnswerDescription, Endpoint } from './endpoint.ts';
import { statusOf } from './problem.ts';
import { schemaNames } from './schemas/names.ts';
import { problem } from './schemas/problem.ts';

type Json = Readonly<Record<string, unknown>>;

/** Problems that every route may answer with. */
const everywhere: readonly ErrorCode[] = ['INVALID_REQUEST', 'INTERNAL'];
const behindToken: readonly ErrorCode[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN_SCOPE',
  'FORBIDDEN_HOST',
  'FORBIDDEN_ORIGIN',
  'RATE_LIMITED',
];
const withBody: readonly ErrorCode[] = ['BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'IDEMPOTENCY_MISMATCH'];

/** Everything but `servers`. */
export function toOpenApi(endpoints: readonly Endpoint[], version: string): Json {
  const paths = new Map<string, Readonly<Record<string, Json>>>();
  for (const endpoint of endpoints) {
    const { path, method } = endpoint;
    paths.set(path, { ...paths.get(path), [method.toLowerCase()]: toOperation(endpoint) });
  }
  return {
    openapi: '3.1.0',
    info: { title: 'mcpvisor', version, description: 'The control API of one mcpvisor.' },
    security: [{ token: [] }],
    paths: Object.fromEntries(paths),
    components: { schemas: componentSchemas(), securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

/** Every problem code a route may answer with. */
export function problemsOf({ access, body, problems }: Endpoint): readonly ErrorCode[] {
  return [
    ...new Set([
      ...everywhere,
      ...(access === 'open' ? [] : behindToken),
      ...(body === null ? [] : withBody),
      ...problems,
    ]),
  ];
}

function toOperation(endpoint: Endpoint): Json {
  const { id, summary, access, path, query, body, answers } = endpoint;
  const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    operationId: id,
    summary,
    'x-scope': access,
    ...(access === 'open' ? { security: [] } : {}),
    parameters: [...pathParameters, ...Object.entries(query.shape).map(([name, schema]) => toParameter(name, schema))],
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: refTo(body) } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          toResponse(Array.isArray(answer) ? answer : [answer]),
        ]),
      ),
      ...problemResponses(problemsOf(endpoint)),
    },
  };
}

function toParameter(name: string, schema: z.core.$ZodType): Json {
  return { name, in: 'query', required: !z.safeParse(schema, undefined).success, schema: toJsonSchema(schema) };
}

function toResponse(answers: readonly AnswerDescription[]): Json {
  const bodies = answers.filter(({ schema }) => schema !== null);
  const content = bodies.map(({ schema, mediaType = 'application/json' }) => [
    mediaType,
    { schema: schema === null ? {} : refTo(schema) },
  ]);
  return {
    description: answers.map(({ description }) => description).join('; '),
    ...(content.length > 0 && { content: Object.fromEntries(content) }),
  };
}

function problemResponses(codes: readonly ErrorCode[]): Json {
  const statuses = [...new Set(codes.map((code) => statusOf[code]))];
  return Object.fromEntries(
    statuses.map((status) => {
      const description = codes.filter((code) => statusOf[code] === status).join(', ');
      return [status, { description, content: { 'application/problem+json': { schema: refTo(problem) } } }];
    }),
  );
}

function refTo(schema: z.core.$ZodType): Json {
  const known = schemaNames.get(schema);
  return known === undefined ? toJsonSchema(schema) : { $ref: `#/components/schemas/${known.id}` };
}

function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(schemaNames, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'input',
    unrepresentable: 'any',
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $id: _, $schema: __, ...schema }]) => [id, schema]));
}

function toJsonSchema(schema: z.core.$ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema as z.ZodType, {
    io: 'input',
    unrepresentable: 'any',
  }) as Record<string, unknown>;
  return rest;
}
