/** `mcpvisor ensure`: waits until servers are connected, and starts lazy ones. */

import { isMcpvisorError, McpvisorError } from '../../errors.ts';
import { toError } from '../../http/client/problem-reader.ts';
import { ensured } from '../../http/schemas/ensured.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';
import { writeError } from '../screen/error-output.ts';
import { parseWait } from '../screen/number-options.ts';
import { oneLine } from '../screen/terminal.ts';

export interface EnsureFlags extends ConnectionFlags {
  readonly timeout?: string;
}

/** The patience of the library and the API. */
const patienceMs = 60_000;

export async function ensure(names: readonly string[], flags: EnsureFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout, stderr } = invocation;
  const timeoutMs = parseWait(flags.timeout, patienceMs);
  const { client } = await connect(flags, invocation);
  const { servers } = await client.post('/api/ensure', ensured, {
    // The API takes no time of 0: what is connected now is known at once.
    body: { servers: names, timeoutMs: Math.max(1, timeoutMs) },
    grantedMs: timeoutMs,
  });
  const outcomes = Object.entries(servers).map(([name, { error }]) => ({
    name,
    error:
      error === null
        ? null
        : (toError(error) ?? new McpvisorError('UNEXPECTED_ANSWER', { url: client.url, reason: error.detail })),
  }));
  if (flags.json === true) stdout.write(`${JSON.stringify({ servers })}\n`);
  else
    for (const { name, error } of outcomes) {
      if (error === null) stdout.write(`${oneLine(name)}: connected\n`);
      else writeError(error, stderr, false);
    }
  if (outcomes.some(({ error }) => isMcpvisorError(error, 'SERVER_NOT_FOUND'))) return exitCodes.notFound;
  return outcomes.every(({ error }) => error === null) ? exitCodes.done : exitCodes.rejected;
}
