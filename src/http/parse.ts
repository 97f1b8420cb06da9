/** From bytes to typed values: all problems of a request are reported at once. */

import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type * as z from 'zod';
import { isMcpvisorError, McpvisorError, type Problem } from '../errors.ts';
import { parseJsonText } from '../text/json-text.ts';

/**
 * Middleware that reads the body, at most `maxBytes` of it, however it is sent. Longer: `BODY_TOO_LARGE`; aborted by
 * the client: `INVALID_REQUEST`.
 */
export function limitBody(maxBytes: number): MiddlewareHandler {
  const refuse = () => {
    throw new McpvisorError('BODY_TOO_LARGE', { maxBytes });
  };
  const count = bodyLimit({ maxSize: maxBytes, onError: refuse });
  return async (c, next) => {
    let isWhole = false;
    const whole = async () => {
      // Hono caches it for later readers.
      if (c.req.method !== 'GET') await c.req.arrayBuffer();
      isWhole = true;
      await next();
    };
    const length = c.req.header('content-length');
    try {
      // Only a body without Content-Length must be counted, which needs a full `Request` object.
      if (length === undefined || c.req.header('transfer-encoding') !== undefined) return await count(c, whole);
      if (Number(length) > maxBytes) refuse();
      return await whole();
    } catch (error) {
      if (isWhole || isMcpvisorError(error)) throw error;
      throw notJson('ended before it was whole', error);
    }
  };
}

const jsonType = /^application\/json *(?:;|$)/i;
const patchType = /^application\/(?:merge-patch\+)?json *(?:;|$)/i;

/** The body of a request by its schema. Throws `UNSUPPORTED_MEDIA_TYPE` or `INVALID_REQUEST`. */
export async function parseBody<Shape extends z.ZodRawShape>(
  c: Context,
  schema: z.ZodObject<Shape>,
): Promise<z.output<z.ZodObject<Shape>>> {
  const type = c.req.header('content-type') ?? null;
  const expected = c.req.method === 'PATCH' ? patchType : jsonType;
  if (type === null || !expected.test(type)) {
    throw new McpvisorError('UNSUPPORTED_MEDIA_TYPE', { type });
  }
  return parseWith(schema, parseJson(new Uint8Array(await c.req.arrayBuffer())), '');
}

/** The query of a request by its schema. Throws `INVALID_REQUEST`. */
export function parseQuery<Shape extends z.ZodRawShape>(
  c: Context,
  schema: z.ZodObject<Shape>,
): z.output<z.ZodObject<Shape>> {
  return parseWith(schema, c.req.query(), '?');
}

/** Deeper values can be parsed but not serialized: a call that was never sent would be reported as lost. */
const mostLevels = 500;

function parseJson(bytes: Uint8Array): unknown {
  const value = parseText(bytes);
  if (hasMoreLevels(value, mostLevels)) throw notJson(`more than ${mostLevels} levels deep`, null);
  return value;
}

function parseText(bytes: Uint8Array): unknown {
  try {
    // Fatal on invalid UTF-8: a call with altered text is worse than none.
    return parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw notJson(cause instanceof Error ? cause.message : 'not JSON', cause);
  }
}

function notJson(message: string, cause: unknown): McpvisorError {
  const problem: Problem = { path: '', message, hint: 'the body must be one JSON object, in UTF-8', severity: 'error' };
  return new McpvisorError('INVALID_REQUEST', { problems: [problem] }, { cause });
}

/** Level by level: recursion would overflow the stack on deep values. */
function hasMoreLevels(value: unknown, levels: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= levels && level.length > 0; depth += 1) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return level.length > 0;
}

/** Problems that are told, at most. */
const mostProblems = 100;

function parseWith<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  input: unknown,
  prefix: string,
): z.output<z.ZodObject<Shape>> {
  const parsed = schema.safeParse(input);
  if (parsed.success) {
    return parsed.data;
  }
  const known = Object.keys(schema.shape);
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, prefix, known));
  throw new McpvisorError('INVALID_REQUEST', { problems: problems.slice(0, mostProblems) });
}

function problemsOf(issue: z.core.$ZodIssue, prefix: string, known: readonly string[]): readonly Problem[] {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: `${prefix}${path}`, message: issue.message, hint: null, severity: 'error' }];
  }
  const hint = known.length === 0 ? 'none is taken here' : `known here: ${known.join(', ')}`;
  return issue.keys.slice(0, mostProblems).map((key) => ({
    path: `${prefix}${path === '' ? '' : `${path}.`}${key}`,
    message: 'unknown field',
    hint,
    severity: 'error',
  }));
}
