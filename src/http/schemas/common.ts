/**
 * Queries and bodies of more than one route. Unknown fields are refused: otherwise a misspelt one would be ignored
 * silently.
 */

import * as z from 'zod';
import { longestDelayMs } from '../../../machines/delay.ts';
import { parseNamesParameter } from '../../names.ts';
import { named, sentAs } from './names.ts';

/** Query of routes that take none. */
export const noQuery = z.strictObject({});

/** Kept as it is: what a tool is called with is the tool's business, down to keys like `__proto__`. */
export const plainObject = z
  .custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'Invalid input: expected object',
  )
  .meta({ type: 'object', additionalProperties: true });

/** Names in one request, at most: `*` and groups name more. */
const mostNames = 1_024;

/** Longer than any name a server can have. */
const longestName = 512;

/** Names of servers in a body. */
export const serverNames = z.array(z.string().max(longestName)).max(mostNames);

/** What is wrong with an input, and where. */
export const inputProblem = named(
  'InputProblem',
  z.strictObject({
    path: z.string(),
    message: z.string(),
    hint: z.string().nullable(),
    severity: z.enum(['error', 'warning']),
  }),
);

export const wholeNumber = (max: number, what: string, min = 0) =>
  sentAs(
    { type: 'integer', minimum: min, maximum: max },
    z.string().regex(/^\d+$/, `expected ${what}`).transform(Number).pipe(z.number().min(min).max(max)),
  );

/** How long to wait, in milliseconds. */
export const waitMs = wholeNumber(longestDelayMs, 'a whole number of milliseconds');

export const timeoutMs = z.int().min(1).max(longestDelayMs);

const separated = z.string().transform(parseNamesParameter).pipe(z.array(z.string()).max(mostNames));

/** `a,b`; a comma or `%` in a name is percent-encoded. */
export const names = sentAs({ type: 'array', items: { type: 'string' } }, separated);

/** `a,b`, each one of `known`. */
export const namesOf = <const Name extends string>(known: readonly Name[]) =>
  sentAs({ type: 'array', items: { type: 'string', enum: known } }, separated.pipe(z.array(z.enum(known))));

/** `true`, `false`, or nothing, which is true. */
export const flag = sentAs(
  { type: 'boolean' },
  z.enum(['', 'true', 'false', '1', '0']).transform((text) => text !== 'false' && text !== '0'),
);
