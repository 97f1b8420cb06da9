/**
 * The methods that a caller may send to a server. All others are the session's own: what opens it, answers to the
 * server, notifications. A tool that is not offered is not to be had by another way either.
 */

import { McpvisorError } from '../../errors.ts';
import { isRecord } from '../../text/json.ts';
import type { ServerEntry } from '../ledger.ts';
import { mayShow, showsAll } from '../tool-filter.ts';

/** `tool`: goes the way of `callTool`. `list`: its answer is filtered. `as it is`: sent and answered unchanged. */
const requestMethods = {
  'tools/call': 'tool',
  'tools/list': 'list',
  'resources/list': 'as it is',
  'resources/templates/list': 'as it is',
  'resources/read': 'as it is',
  'resources/subscribe': 'as it is',
  'resources/unsubscribe': 'as it is',
  'prompts/list': 'as it is',
  'prompts/get': 'as it is',
  'completion/complete': 'as it is',
  'logging/setLevel': 'as it is',
  'tasks/list': 'as it is',
  'tasks/get': 'as it is',
  'tasks/result': 'as it is',
  'tasks/cancel': 'as it is',
  ping: 'as it is',
} as const;

const treatments: ReadonlyMap<string, (typeof requestMethods)[keyof typeof requestMethods]> = new Map(
  Object.entries(requestMethods),
);

/** Throws `INVALID_REQUEST` if a caller may not send it. */
export function treatmentOf(method: string): 'tool' | 'list' | 'as it is' {
  const treatment = treatments.get(method);
  if (treatment !== undefined) return treatment;
  const hint = `send one of ${[...treatments.keys()].join(', ')}`;
  throw invalid('method', `${JSON.stringify(method.slice(0, 100))} is not a request that callers may send`, hint);
}

/** The name of the tool that a `tools/call` asks for. Throws `INVALID_REQUEST`. */
export function toolNamedIn(params: Readonly<Record<string, unknown>> | undefined): string {
  const name = params?.name;
  if (typeof name !== 'string') throw invalid('params.name', 'must be the name of a tool', null);
  return name;
}

/** The answer to `tools/list` with only those tools that the specification offers. */
export function withOfferedTools({ specification: { tools: filter } }: ServerEntry, result: unknown): unknown {
  if (showsAll(filter) || !isRecord(result) || !Array.isArray(result.tools)) return result;
  const tools: readonly unknown[] = result.tools;
  return {
    ...result,
    tools: tools.filter((tool) => isRecord(tool) && typeof tool.name === 'string' && mayShow(tool.name, filter)),
  };
}

function invalid(path: string, message: string, hint: string | null): McpvisorError<'INVALID_REQUEST'> {
  return new McpvisorError('INVALID_REQUEST', { problems: [{ path, message, hint, severity: 'error' }] });
}
