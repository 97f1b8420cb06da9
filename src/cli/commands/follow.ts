/**
 * A stream of the API, followed until Ctrl-C: when the control plane comes back after a loss, it resumes where it was.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { isMcpvisorError } from '../../errors.ts';
import type { ApiClient, ServerSentEvent } from '../../http/client/client.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import type { Invocation } from '../invocation.ts';

/** Time between two attempts to reconnect, in milliseconds. */
const patienceMs = 500;

export interface FollowOptions {
  readonly flags: ConnectionFlags;
  readonly invocation: Invocation;
  readonly signal: AbortSignal;
  /** Opens the stream, at first and after each loss. */
  readonly open: (client: ApiClient) => AsyncIterable<ServerSentEvent>;
}

/**
 * Ends when `signal` aborts; throws the errors the control plane answers with. When it is not there it is waited for:
 * the caller has talked to it before.
 */
export async function* follow({ flags, invocation, signal, open }: FollowOptions): AsyncGenerator<ServerSentEvent> {
  let isTold = false;
  while (!signal.aborted) {
    try {
      // Looked up each time: after a restart it may have another address.
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
    // Rejects only when `signal` aborts, which the loop checks.
    await delay(patienceMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The control plane is not there, or about to go: it may come back. */
export function isAbsence(error: unknown): boolean {
  return isMcpvisorError(error, 'NOT_RUNNING') || isMcpvisorError(error, 'SHUTTING_DOWN');
}

/** Aborts at Ctrl-C, or when the reader of stdout is gone. */
export function untilEnd({ stay, stdout, stderr }: Invocation): AbortSignal {
  const unread = new AbortController();
  stdout.onceUnread(() => unread.abort());
  const { signal } = stay((bug) => stderr.write(`A bug in mcpvisor, please report it: ${String(bug)}\n`));
  return AbortSignal.any([signal, unread.signal]);
}
