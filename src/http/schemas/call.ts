/** Calls and their outcomes. */

import * as z from 'zod';
import { structuredContents } from '../../supervisor/contract.ts';
import { errorCodes } from '../problem.ts';
import { inputProblem, plainObject, serverNames, timeoutMs } from './common.ts';
import { named } from './names.ts';

export const callBody = named(
  'Call',
  z.strictObject({
    arguments: plainObject.optional(),
    timeoutMs: timeoutMs.optional(),
    dryRun: z.boolean().optional(),
  }),
);

export const callResult = named(
  'CallResult',
  z.strictObject({ result: z.looseObject({}), durationMs: z.number(), generation: z.int() }),
);

export const dryRunResult = named('DryRun', z.strictObject({ valid: z.boolean(), problems: z.array(inputProblem) }));

const call = named(
  'BatchedCall',
  z.strictObject({
    server: z.string().optional(),
    tool: z.string(),
    arguments: plainObject.optional(),
    timeoutMs: timeoutMs.optional(),
  }),
);

const mostCalls = 256;

export const batchBody = named(
  'Batch',
  z.strictObject({
    calls: z.array(call).max(mostCalls).optional(),
    toolCalls: z.array(plainObject).max(mostCalls).optional(),
    servers: serverNames.optional(),
    timeoutMs: timeoutMs.optional(),
    structured: z.enum(structuredContents).optional(),
  }),
);

const ok = named(
  'CallSucceeded',
  z.strictObject({
    status: z.literal('ok'),
    result: z.looseObject({}),
    durationMs: z.number(),
    generation: z.int(),
  }),
);
const failed = named(
  'CallFailed',
  z.strictObject({
    status: z.literal('failed'),
    error: z.looseObject({ code: z.enum(errorCodes), message: z.string() }),
  }),
);

export const outcomes = named(
  'Outcomes',
  z.strictObject({ outcomes: z.array(z.discriminatedUnion('status', [ok, failed])) }),
);
export const messages = named('ToolMessages', z.strictObject({ messages: z.array(z.looseObject({})) }));

export const requestBody = named(
  'McpRequest',
  z.strictObject({ method: z.string().min(1), params: plainObject.optional(), timeoutMs: timeoutMs.optional() }),
);
export const requestResult = named(
  'McpResult',
  z.strictObject({ result: z.unknown(), durationMs: z.number(), generation: z.int() }),
);
