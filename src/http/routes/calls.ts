/** Calls: one, many, any other MCP request; with progress for clients that ask for a stream. */

import * as z from 'zod';
import { McpvisorError } from '../../errors.ts';
import { type Answered, answerFormats, type CallRequest } from '../../supervisor/contract.ts';
import type { Endpoint, Route, RouteRequest } from '../endpoint.ts';
import { isBug, toProblemDocument } from '../problem.ts';
import { baseOf, carry, reply, route } from '../route.ts';
import {
  batchBody,
  callBody,
  callResult,
  dryRunResult,
  messages,
  outcomes,
  requestBody,
  requestResult,
} from '../schemas/call.ts';
import { noQuery } from '../schemas/common.ts';
import { streamEvents } from '../streams/event-stream.ts';
import { streamOf } from '../streams/progress.ts';
import type { RouteParts } from './parts.ts';

/** How a call may fail. */
const callProblems = [
  'SERVER_NOT_FOUND',
  'SERVER_NOT_CONNECTED',
  'SERVER_BUSY',
  'CALL_TIMED_OUT',
  'CALL_CANCELLED',
  'OUTCOME_UNKNOWN',
  'ANSWER_DROPPED',
  'UPSTREAM_ERROR',
  'SHUTTING_DOWN',
] as const;

const call = {
  id: 'callTool',
  tag: 'Calls',
  method: 'POST',
  path: '/api/servers/{name}/tools/{tool}/call',
  access: 'operate',
  summary:
    'Call a tool; with `Accept: text/event-stream` its progress comes first; with `dryRun` its arguments are only checked',
  query: noQuery,
  body: callBody,
  answers: {
    200: [
      {
        description: 'The result as the server sent it, its `isError` kept',
        schema: z.union([callResult, dryRunResult]),
      },
      {
        description: 'Events `progress`, then `result` or `problem`',
        schema: z.string(),
        mediaType: 'text/event-stream',
      },
    ],
  },
  problems: [...callProblems, 'TOOL_NOT_FOUND'],
} as const satisfies Endpoint;

const request = {
  id: 'sendRequest',
  tag: 'Calls',
  method: 'POST',
  path: '/api/servers/{name}/requests',
  access: 'operate',
  summary:
    'Send a request: resources/…, prompts/…, tasks/…, completion/complete, logging/setLevel, ping, and tools/… by the `tools` filter',
  query: noQuery,
  body: requestBody,
  answers: { 200: { description: 'The result as the server sent it', schema: requestResult } },
  problems: callProblems,
} as const satisfies Endpoint;

const batch = {
  id: 'callTools',
  tag: 'Calls',
  method: 'POST',
  path: '/api/calls',
  access: 'operate',
  summary:
    'Many calls at once, each with its own outcome; with `format`, the tool calls of a model in, its tool messages out',
  query: z.strictObject({ format: z.enum(answerFormats).optional() }),
  body: batchBody,
  answers: { 200: { description: 'In the order asked', schema: z.union([outcomes, messages]) } },
  problems: [],
} as const satisfies Endpoint;

export function callRoutes(parts: RouteParts): readonly Route[] {
  const { supervisor } = parts;
  return [
    route(call, (one) => callTool(parts, one)),
    route(request, async ({ c, param, body, signal }) => {
      const { method, params, timeoutMs } = body;
      const options = { signal, ...(timeoutMs !== undefined && { timeoutMs }) };
      const answer = await answerOf((onAnswered) =>
        supervisor.request(param('name'), method, params ?? {}, { ...options, onAnswered }),
      );
      return carry(c, answer);
    }),
    route(batch, async ({ c, query, body, signal }) => {
      const { calls, toolCalls, servers, timeoutMs, structured } = body;
      if (query.format === undefined)
        return carry(c, {
          outcomes: await supervisor.callTools(required(calls, 'calls').map(toCallRequest), { signal }),
        });
      const options = {
        signal,
        ...(servers !== undefined && { servers }),
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(structured !== undefined && { structured }),
      };
      // A malformed one gets its own answer that says so.
      const asked = required(toolCalls, 'toolCalls') as never;
      const answered = await supervisor.answerToolCalls(asked, { ...options, format: query.format });
      return carry(c, { messages: Array.isArray(answered) ? answered : [answered] });
    }),
  ];
}

async function callTool(
  { supervisor, ...streaming }: RouteParts,
  { c, param, body, signal }: RouteRequest<unknown, z.output<typeof callBody>>,
): Promise<Response> {
  const [server, tool] = [param('name'), param('tool')];
  const { arguments: args = {}, timeoutMs, dryRun = false } = body;
  if (dryRun) return reply(c, await supervisor.checkCall(server, tool, args));
  const options = { ...(timeoutMs !== undefined && { timeoutMs }) };
  const outgoing = c.get('outgoing');
  if (c.req.header('accept')?.includes('text/event-stream') === true) {
    return streamEvents(c, streaming, (gone, cut) =>
      streamOf(
        (onProgress) =>
          answerOf((onAnswered) =>
            supervisor.callTool(server, tool, args, { ...options, signal: gone, onProgress, onAnswered }),
          ),
        {
          open: (bytes) => outgoing.open({ server, bytes, cut }),
          toProblem(error) {
            if (isBug(error)) streaming.onError(error);
            return toProblemDocument(error, baseOf(c));
          },
        },
      ),
    );
  }
  const answer = await answerOf((onAnswered) =>
    supervisor.callTool(server, tool, args, { ...options, signal, onAnswered }),
  );
  return carry(c, answer);
}

/** A result with the time it took and who answered. */
async function answerOf<Result>(
  call: (onAnswered: (answered: Answered) => void) => Promise<Result>,
): Promise<{ readonly result: Result } & Answered> {
  let answered: Answered = { durationMs: 0, generation: 0 };
  const result = await call((one) => {
    answered = one;
  });
  return { result, ...answered };
}

function required<Value>(value: Value | undefined, path: string): Value {
  if (value !== undefined) return value;
  throw new McpvisorError('INVALID_REQUEST', {
    problems: [{ path, message: 'Invalid input: expected array', hint: null, severity: 'error' }],
  });
}

function toCallRequest({
  server,
  tool,
  arguments: args,
  timeoutMs,
}: NonNullable<z.output<typeof batchBody>['calls']>[number]): CallRequest {
  return {
    tool,
    ...(server !== undefined && { server }),
    ...(args !== undefined && { arguments: args }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}
