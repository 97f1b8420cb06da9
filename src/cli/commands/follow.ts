/**
 * A stream of the API that is followed for as long as a person wants to: it goes on where it broke off when the control
 * plane is back.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { isMcpvisorError } from '../../errors.ts';
import type { ApiClient, ServerSentEvent } from '../../http/client/client.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import type { Invocation } from '../invocation.ts';

/** How long to leave a control plane that is away in peace, in milliseconds. */
const patienceMs = 500;

export interface FollowOptions {
  readonly flags: ConnectionFlags;
  readonly invocation: Invocation;
  readonly signal: AbortSignal;
  /** Opens the stream, at first and after each loss. */
  readonly open: (client: ApiClient) => AsyncIterable<ServerSentEvent>;
}

/**
 * Ends when `signal` aborts; throws what the control plane refuses. Its absence is waited for: whoever calls has talked
 * to it before.
 */
export async function* follow({ flags, invocation, signal, open }: FollowOptions): AsyncGenerator<ServerSentEvent> {
  let isTold = false;
  while (!signal.aborted) {
    try {
      // Anew each time: after a restart it may be somewhere else.
      const { client } = await connect(flags, invocation);
      for await (const event of open(client)) {
        isTold = false;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isAbsence(error)) throw error;
    }
    if (signal.aborted) return;
    if (!isTold) invocation.stderr.write('The connection was lost; waiting for the control plane.\n');
    isTold = true;
    // It rejects only when the end is asked for, which the loop looks at.
    await delay(patienceMs, undefined, { signal }).catch(() => undefined);
  }
}

/** A broken connection is an error of `fetch`; everything else has a code. */
function isAbsence(error: unknown): boolean {
  return isMcpvisorError(error)
    ? error.code === 'NOT_RUNNING' || error.code === 'SHUTTING_DOWN'
    : error instanceof TypeError;
}

/** Aborts when a person asks for the end, or nobody reads any more. */
export function untilEnd({ stay, stdout, stderr }: Invocation): AbortSignal {
  const unread = new AbortController();
  stdout.once('error', () => unread.abort());
  const { signal } = stay((bug) => stderr.write(`A bug in mcpvisor, please report it: ${String(bug)}\n`));
  return AbortSignal.any([signal, unread.signal]);
}
