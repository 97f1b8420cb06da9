/** From bytes to typed values: every problem of a request is named at once. */

import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { McpvisorError, type Problem } from '../errors.ts';

/** Middleware that reads no more than `maxBytes` of a body, however it is sent. Beyond: `BODY_TOO_LARGE`. */
export function limitBody(maxBytes: number): MiddlewareHandler {
  const refuse = () => {
    throw new McpvisorError('BODY_TOO_LARGE', { maxBytes });
  };
  const count = bodyLimit({ maxSize: maxBytes, onError: refuse });
  return async (c, next) => {
    const length = c.req.header('content-length');
    // Only what does not tell its length must be counted, and for that a whole `Request` must be made of what the socket gave.
    if (length === undefined || c.req.header('transfer-encoding') !== undefined) return await count(c, next);
    if (Number(length) > maxBytes) refuse();
    return await next();
  };
}

/** The body of a request by its schema. Throws `UNSUPPORTED_MEDIA_TYPE` or `INVALID_REQUEST`. */
export async function parseBody<Shape extends z.ZodRawShape>(c: Context, schema: z.ZodObject<Shape>): Promise<z.output<z.ZodObject<Shape>>> {
  const type = c.req.header('content-type') ?? null;
  if (type === null || !/^application\/json *(?:;|$)/i.test(type)) {
    throw new McpvisorError('UNSUPPORTED_MEDIA_TYPE', { type });
  }
  return parseWith(schema, parseJson(await c.req.text()), '');
}

/** The query of a request by its schema. Throws `INVALID_REQUEST`. */
export function parseQuery<Shape extends z.ZodRawShape>(c: Context, schema: z.ZodObject<Shape>): z.output<z.ZodObject<Shape>> {
  return parseWith(schema, c.req.query(), '?');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const problem: Problem = {
      path: '',
      message: cause instanceof Error ? cause.message : 'not JSON',
      hint: 'the body must be one JSON object',
      severity: 'error',
    };
    throw new McpvisorError('INVALID_REQUEST', { problems: [problem] }, { cause });
  }
}

function parseWith<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, input: unknown, prefix: string): z.output<z.ZodObject<Shape>> {
  const parsed = schema.safeParse(input);
  if (parsed.success) {
    return parsed.data;
  }
  const known = Object.keys(schema.shape);
  throw new McpvisorError('INVALID_REQUEST', { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, prefix, known)) });
}

function problemsOf(issue: z.core.$ZodIssue, prefix: string, known: readonly string[]): readonly Problem[] {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: `${prefix}${path}`, message: issue.message, hint: null, severity: 'error' }];
  }
  const hint = known.length === 0 ? 'none is taken here' : `known here: ${known.join(', ')}`;
  return issue.keys.map((key) => ({ path: `${prefix}${path === '' ? '' : `${path}.`}${key}`, message: 'unknown field', hint, severity: 'error' }));
}
