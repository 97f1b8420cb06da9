/** `mcpvisor down`: ends the control plane and waits until nothing of it is left. */

import { setTimeout as delay } from 'node:timers/promises';
import { isMcpvisorError, McpvisorError } from '../../errors.ts';
import type { ApiClient } from '../../http/client/client.ts';
import { shuttingDown } from '../../http/schemas/control-plane.ts';
import { anything } from '../../http/schemas/names.ts';
import { isAlive } from '../../session/process/identity.ts';
import { isHeld } from '../../state-directory/lock.ts';
import { type Connection, type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';
import { parseWait } from '../screen/number-options.ts';

export interface DownFlags extends ConnectionFlags {
  readonly timeout?: string;
}

/** More than `shutdownMs` (25 000 unless it is set), after which every group is killed. */
const usualTimeoutMs = 60_000;
/** It says at once that it will end: a longer --timeout is for its servers. */
const acceptedWithinMs = 20_000;
const checkMs = 50;

export async function down(flags: DownFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout } = invocation;
  const timeoutMs = parseWait(flags.timeout, usualTimeoutMs);
  const connection = await connect(flags, invocation);
  const { client, local } = connection;
  const pid = local?.owner.pid ?? null;
  const deadlineMs = performance.now() + timeoutMs;
  const grantedMs = Math.min(timeoutMs, acceptedWithinMs);
  await client.post('/api/shutdown', shuttingDown, { grantedMs }).catch((error: unknown) => {
    // It is shutting down already, which is what is wanted.
    if (!isMcpvisorError(error, 'SHUTTING_DOWN')) throw error;
  });
  while (await isThere(connection)) {
    if (performance.now() >= deadlineMs) throw new McpvisorError('NOT_ENDED', { pid, url: client.url, timeoutMs });
    await delay(checkMs);
  }
  const words =
    pid === null
      ? `The control plane at ${client.url} has ended.`
      : `The control plane (pid ${pid}) and its servers have ended.`;
  stdout.write(flags.json === true ? `${JSON.stringify({ url: client.url, pid, ended: true })}\n` : `${words}\n`);
  return exitCodes.done;
}

/** Locally the process is looked for, which ends after its servers; elsewhere only whether the API answers is known. */
async function isThere({ client, local }: Connection): Promise<boolean> {
  return local === null ? await answers(client) : await isHeld(local.stateDir, local.owner, isAlive);
}

async function answers(client: ApiClient): Promise<boolean> {
  try {
    await client.get('/healthz', anything, { grantedMs: 0 });
    return true;
  } catch (error) {
    return !isMcpvisorError(error, 'NOT_RUNNING');
  }
}
