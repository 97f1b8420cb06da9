/** The OpenAPI 3.1 document, generated from the endpoints that are served. */

import * as z from 'zod';
import type { ErrorCode } from '../errors.ts';
import { type AnswerDescription, type Endpoint, type HeaderDescription, tags } from './endpoint.ts';
import { longestKey } from './idempotency.ts';
import { statusOf } from './problem.ts';
import type { DocumentedSecurity } from './routes/parts.ts';
import { componentSchemas, type Json, refTo, toJsonSchema } from './schemas/json-schema.ts';
import { problem } from './schemas/problem.ts';

/** Problems that every route may answer with. */
const everywhere: readonly ErrorCode[] = ['INVALID_REQUEST', 'INTERNAL'];
const behindToken: readonly ErrorCode[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN_SCOPE',
  'FORBIDDEN_HOST',
  'FORBIDDEN_ORIGIN',
  'RATE_LIMITED',
  'ANSWERS_UNREAD',
];
const withBody: readonly ErrorCode[] = [
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'IDEMPOTENCY_MISMATCH',
  'ANSWER_NOT_KEPT',
];

/** Every request that may change something takes it. */
const idempotencyKey: HeaderDescription = {
  name: 'Idempotency-Key',
  description: 'A request that is sent again under the same key is carried out once, and gets the first answer again.',
  schema: z.string().min(1).max(longestKey),
};

/** Everything but `servers`. */
export function toOpenApi(
  endpoints: readonly Endpoint[],
  { version, security, securitySchemes }: DocumentedSecurity & { readonly version: string },
): Json {
  const paths = new Map<string, Readonly<Record<string, Json>>>();
  for (const endpoint of endpoints) {
    const { path, method } = endpoint;
    paths.set(path, { ...paths.get(path), [method.toLowerCase()]: toOperation(endpoint) });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mcpvisor',
      version,
      description: 'The control API of one mcpvisor.',
      contact: { name: 'mcpvisor' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    security,
    paths: Object.fromEntries(paths),
    components: { schemas: componentSchemas(), securitySchemes },
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
  const { id, tag, method, summary, access, path, query, body, answers } = endpoint;
  const headers = [...(method === 'GET' ? [] : [idempotencyKey]), ...(endpoint.headers ?? [])];
  const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: descriptionOf(endpoint),
    'x-scope': access,
    ...(access === 'open' ? { security: [] } : {}),
    parameters: [
      ...pathParameters,
      ...Object.entries(query.shape).map(([name, schema]) => toParameter(name, schema)),
      ...headers.map(({ schema, ...header }) => ({
        ...header,
        in: 'header',
        required: false,
        schema: toJsonSchema(schema),
      })),
    ],
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

function descriptionOf({ access, summary }: Endpoint): string {
  const needs = access === 'open' ? 'Needs no token.' : `Needs a token with the scope \`${access}\` or a wider one.`;
  return `${summary}. ${needs}`;
}

function toParameter(name: string, schema: z.core.$ZodType): Json {
  const described = toJsonSchema(schema);
  return {
    name,
    in: 'query',
    required: !z.safeParse(schema, undefined).success,
    ...(described.type === 'array' && { style: 'form', explode: false }),
    schema: described,
  };
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
