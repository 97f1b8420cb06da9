/** What requests may carry. A field that is not here is a problem: a misspelt one would else be ignored in silence. */

import { z } from 'zod';
import { commandTypes } from '../supervisor/contract.ts';

/** The longest delay a timer of Node takes, in milliseconds. */
const longestDelayMs = 2_147_483_647;

/** Kept as it is: what a tool is called with is the tool's business, down to keys like `__proto__`. */
const plainObject = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'Invalid input: expected object',
);

/** Body of `POST /api/servers/{name}/events`. */
export const eventBody = z.strictObject({ type: z.enum(commandTypes) });

/** Query of `POST /api/servers/{name}/events`: how long to wait for the command to settle, in milliseconds. Default: not at all. */
export const eventQuery = z.strictObject({
  wait: z.string().regex(/^\d+$/, 'expected a whole number of milliseconds').transform(Number).pipe(z.number().max(longestDelayMs)).optional(),
});

/** Body of `POST /api/servers/{name}/tools/{tool}/call`. `timeoutMs` defaults to the server's `callTimeoutMs`. */
export const callBody = z.strictObject({
  arguments: plainObject.optional(),
  timeoutMs: z.int().min(1).max(longestDelayMs).optional(),
});

/** Query of routes that take none. */
export const noQuery = z.strictObject({});
