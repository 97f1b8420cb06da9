/** `mcpvisor call`: one tool call, its progress on a terminal, its result. */

import { text as textOf } from 'node:stream/consumers';
import type * as z from 'zod';
import { longestDelayMs } from '../../../../machines/delay.ts';
import { entryOf } from '../../../../machines/table.ts';
import { closestTo } from '../../../config/spelling.ts';
import { type ErrorDetails, isMcpvisorError, McpvisorError } from '../../../errors.ts';
import type { ApiClient } from '../../../http/client/client.ts';
import { toError } from '../../../http/client/problem-reader.ts';
import { callResult } from '../../../http/schemas/call.ts';
import { toolList } from '../../../http/schemas/catalog.ts';
import { ensured } from '../../../http/schemas/ensured.ts';
import { server as serverSchema } from '../../../http/schemas/server.ts';
import { toJsonText } from '../../../text/json-text.ts';
import { type ConnectionFlags, connect } from '../../connection.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { createBlock } from '../../screen/block.ts';
import { type Drawn, shown } from '../../screen/drawn.ts';
import { longestWaitMs, parseWhole } from '../../screen/number-options.ts';
import { cut } from '../../screen/table.ts';
import { oneLine, sizeOf } from '../../screen/terminal.ts';
import {
  fromStdin,
  isPairs,
  type Pair,
  parseObject,
  parseWords,
  type ToolArguments,
  toArguments,
} from './arguments.ts';
import { describeContent } from './content.ts';

export interface CallFlags extends ConnectionFlags {
  readonly timeout?: string;
  /** Its text as it is, whatever a terminal would do with it. */
  readonly raw?: boolean;
}

export interface CallWords {
  readonly server: string;
  readonly tool: string;
  readonly words: readonly string[];
}

export async function call(
  { server, tool, words }: CallWords,
  flags: CallFlags,
  invocation: Invocation,
): Promise<ExitCode> {
  const { stdin, stdout, stderr } = invocation;
  const timeoutMs =
    flags.timeout === undefined
      ? null
      : parseWhole(flags.timeout, { option: '--timeout', min: 1, max: longestDelayMs, unit: ' of milliseconds' });
  const given = words.length === 1 && words[0] === fromStdin ? parseObject(await textOf(stdin)) : parseWords(words);
  const { client } = await connect(flags, invocation);
  const args = isPairs(given) ? toArguments(given, await schemaOf(client, { server, tool, timeoutMs }, given)) : given;
  const answer = await callOnceStarted(client, { server, tool, args, timeoutMs }, invocation).catch(
    (error: unknown) => {
      if (flags.json === true || !isMcpvisorError(error, 'TOOL_NOT_FOUND')) throw error;
      return error;
    },
  );
  if (answer instanceof McpvisorError) {
    stderr.write(`error: ${answer.message}${await suggestion(client, server, tool)}\n`);
    return exitCodes.notFound;
  }
  const isError = answer.result.isError === true;
  if (flags.json === true) stdout.write(`${toJsonText(answer.result)}\n`);
  else {
    const text = describeContent(answer.result);
    // A tool's error text is no result for the next program of a pipe.
    const output = isError ? stderr : stdout;
    if (flags.raw === true) output.writeRaw(text);
    else output.write(text);
  }
  return isError ? exitCodes.toolError : exitCodes.done;
}

interface Call {
  readonly server: string;
  readonly tool: string;
  readonly args: ToolArguments;
  readonly timeoutMs: number | null;
}

/**
 * Right after `up` a server is still starting, and a person would only type the call again. In every other state the
 * call fails at once, as it does in the API.
 */
async function callOnceStarted(
  client: ApiClient,
  wanted: Call,
  invocation: Invocation,
): Promise<z.output<typeof callResult>> {
  for (;;) {
    try {
      return await callTool(client, wanted, invocation);
    } catch (error) {
      if (!isMcpvisorError(error, 'SERVER_NOT_CONNECTED') || !maySoonBe(error.details)) throw error;
      await whenConnected(client, wanted.server, longestWaitMs);
    }
  }
}

/** Starting, or next in line. One that waits for another server may wait for ever; its error has a reason. */
function maySoonBe({ state, reason }: ErrorDetails['SERVER_NOT_CONNECTED']): boolean {
  return state === 'starting' || (state === 'idle' && reason === null);
}

/** Throws why it will not be connected. After a long wait it just returns: the next call tells the state. */
async function whenConnected(client: ApiClient, server: string, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const answer = await client
    .post('/api/ensure', ensured, {
      body: { servers: [server], timeoutMs, retries: false },
      grantedMs: timeoutMs,
      signal,
    })
    .catch((error) => {
      if (!signal.aborted) throw error;
      return null;
    });
  const problem = entryOf(answer?.servers ?? {}, server)?.error ?? null;
  if (problem === null) return;
  throw toError(problem) ?? new McpvisorError('UNEXPECTED_ANSWER', { url: client.url, reason: problem.detail });
}

/** As a stream: only the call's own time-out applies, and progress arrives. */
async function callTool(
  client: ApiClient,
  { server, tool, args, timeoutMs }: Call,
  { stderr }: Invocation,
): Promise<z.output<typeof callResult>> {
  const block = createBlock(() => sizeOf(stderr).rows);
  const path = `/api/servers/${encodeURIComponent(server)}/tools/${encodeURIComponent(tool)}/call`;
  const show = (text: Drawn) => stderr.isTTY === true && stderr.draw(text);
  for await (const { event, data } of client.stream(path, {
    body: { arguments: args, ...(timeoutMs !== null && { timeoutMs }) },
    ...(timeoutMs !== null && { grantedMs: timeoutMs }),
  })) {
    if (event === 'progress') {
      show(block.draw([shown(cut(shown(describeProgress(data)), sizeOf(stderr).columns - 1))]));
      continue;
    }
    show(block.clear());
    // Not what the schema makes of it: that would be a copy, which does not know how its numbers were written.
    if (event === 'result' && callResult.safeParse(data).success) return data as z.output<typeof callResult>;
    throw toError(data) ?? new McpvisorError('UNEXPECTED_ANSWER', { url: client.url, reason: `an event ${event}` });
  }
  throw new McpvisorError('OUTCOME_UNKNOWN', {
    server,
    method: 'tools/call',
    reason: 'the control plane went away',
    sessionEnded: true,
  });
}

function describeProgress(data: unknown): string {
  const {
    progress = null,
    total = null,
    message = null,
  } = (typeof data === 'object' && data !== null ? data : {}) as Readonly<Record<string, unknown>>;
  const figures = typeof progress === 'number' ? `${progress}${typeof total === 'number' ? ` of ${total}` : ''}` : '';
  return oneLine(`… ${figures} ${typeof message === 'string' ? message : ''}`);
}

/**
 * How the tool describes its arguments; null: it is not known, or there are none to be typed. A server whose tools are
 * not known yet is waited for as the call itself would wait, and a lazy one is started.
 */
async function schemaOf(
  client: ApiClient,
  { server, tool, timeoutMs }: Pick<Call, 'server' | 'tool' | 'timeoutMs'>,
  pairs: readonly Pair[],
): Promise<unknown> {
  if (pairs.length === 0) return null;
  const find = async () =>
    (await toolsOf(client, server)).find(({ name, exposedName }) => name === tool || exposedName === tool);
  const known = await find();
  if (known !== undefined) return known.inputSchema ?? null;
  const path = `/api/servers/${encodeURIComponent(server)}`;
  // Whatever is wrong with it, the call itself tells.
  const now = await client.get(path, serverSchema).catch(unlessSilent(null));
  if (now === null || !(now.state === 'starting' || (now.state === 'idle' && now.substate !== 'waiting'))) return null;
  // If it does not connect, the call itself says why; without a schema arguments are typed by how they look.
  await whenConnected(client, server, Math.min(timeoutMs ?? longestWaitMs, longestWaitMs)).catch(
    unlessSilent(undefined),
  );
  return (await find())?.inputSchema ?? null;
}

/** None, if they cannot be told. Throws `NOT_ANSWERING`. */
async function toolsOf(client: ApiClient, server: string): Promise<z.output<typeof toolList>['tools']> {
  const answer = await client
    .get(`/api/servers/${encodeURIComponent(server)}/tools`, toolList)
    .catch(unlessSilent({ tools: [] }));
  return answer.tools;
}

/**
 * `instead` of an answer that is an error. A control plane that says nothing would be asked once more for nothing, and
 * what is no error of ours is a bug.
 */
function unlessSilent<Instead>(instead: Instead): (error: unknown) => Instead {
  return (error) => {
    if (!isMcpvisorError(error) || isMcpvisorError(error, 'NOT_ANSWERING')) throw error;
    return instead;
  };
}

async function suggestion(client: ApiClient, server: string, tool: string): Promise<string> {
  // Only a hint: the error that it goes with is told without it.
  const names = (await toolsOf(client, server).catch(() => [])).map(({ name }) => name);
  const closest = closestTo(tool, names);
  if (closest !== null) return ` Did you mean ${closest}?`;
  return names.length === 0 ? '' : ` Its tools: ${oneLine(names.join(', '))}.`;
}
