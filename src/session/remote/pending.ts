/**
 * Requests sent over Streamable HTTP and not yet answered, each with its connection and the position in its stream from
 * which the SDK resumes.
 */

import type { RequestId } from '@modelcontextprotocol/sdk/types.js';

export interface PendingRequest {
  readonly id: RequestId;
  /** Aborts its connection. */
  readonly controller: AbortController;
  /** Id of the last event of its stream, if the server sends ids: the SDK then resumes the stream when it ends. */
  token: string | null;
}

export interface PendingRequests {
  add(id: RequestId): PendingRequest;
  get(id: RequestId): PendingRequest | undefined;
  /** It was answered, or failed before it was sent. */
  settle(id: RequestId): void;
  /** Nobody waits for it any more: closes its connection. */
  giveUp(id: RequestId): void;
  /** Removes it; returns whether it was still pending. */
  lose(request: PendingRequest): boolean;
  /** The request whose stream is resumed after event `token`. */
  resumedBy(token: string): PendingRequest | null;
  /** Whether `token` belongs to a settled request, whose stream nobody needs. */
  isSpent(token: string): boolean;
}

/**
 * Number of settled requests whose tokens are remembered. The SDK resumes at most a few of them, within seconds: after
 * an error answer and after a cancelled call.
 */
const maxSpent = 256;

export function createPendingRequests(): PendingRequests {
  /** By the id as text: some servers answer 5 as "5". */
  const pending = new Map<string, PendingRequest>();
  const spent = new Set<string>();

  const settle = (id: RequestId) => {
    const token = pending.get(String(id))?.token ?? null;
    pending.delete(String(id));
    if (token !== null) {
      spent.add(token);
    }
    for (const oldest of spent) {
      if (spent.size <= maxSpent) {
        break;
      }
      spent.delete(oldest);
    }
  };

  return {
    add(id) {
      const request = { id, controller: new AbortController(), token: null };
      pending.set(String(id), request);
      return request;
    },
    get: (id) => pending.get(String(id)),
    settle,
    giveUp(id) {
      const request = pending.get(String(id));
      settle(id);
      request?.controller.abort();
    },
    lose(request) {
      const id = String(request.id);
      return pending.get(id) === request && pending.delete(id);
    },
    resumedBy(token) {
      return [...pending.values()].find((request) => request.token === token) ?? null;
    },
    isSpent: (token) => spent.has(token),
  };
}
