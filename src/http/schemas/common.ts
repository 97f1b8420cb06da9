/**
 * Queries and bodies of more than one route. Unknown fields are refused: otherwise a misspelt one would be ignored
 * silently.
 */

import * as z from 'zod';
import { longestDelayMs } from '../../../machines/delay.ts';

/** Query of routes that take none. */
export const noQuery = z.strictObject({});

/** Kept as it is: what a tool is called with is the tool's business, down to keys like `__proto__`. */
export const plainObject = z
  .custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'Invalid input: expected object',
  )
  .meta({ type: 'object' });

export const wholeNumber = (max: number, what: string, min = 0) =>
  z.string().regex(/^\d+$/, `expected ${what}`).transform(Number).pipe(z.number().min(min).max(max));

/** How long to wait, in milliseconds. */
export const waitMs = wholeNumber(longestDelayMs, 'a whole number of milliseconds');

export const timeoutMs = z.int().min(1).max(longestDelayMs);

/** `a,b`. */
export const names = z.string().transform((text) => text.split(',').filter((name) => name !== ''));

/** `true`, `false`, or nothing, which is true. */
export const flag = z.enum(['', 'true', 'false', '1', '0']).transform((text) => text !== 'false' && text !== '0');
