/** Requests that were sent and are not yet answered, and what an answered one still holds. */

import type { RequestId } from '@modelcontextprotocol/sdk/types.js';

export interface PendingRequest {
  readonly id: RequestId;
  /** Aborts what brings its answer. */
  readonly controller: AbortController;
  /** Receives the id of each event of its stream. */
  readonly onToken: ((token: string) => void) | undefined;
  /** Id of the last event of its stream, if the server sends ids: the stream is resumed after it when it ends. */
  token: string | null;
  /** How long the server asks to wait before that, in milliseconds. */
  retryMs: number | null;
}

export interface PendingRequests {
  add(id: RequestId, onToken: PendingRequest['onToken']): PendingRequest;
  has(request: PendingRequest): boolean;
  /** It was answered: its stream is ended soon, unless the server ends it now. */
  answered(id: RequestId): void;
  /** Nobody waits for it any more: ends what it holds. */
  giveUp(id: RequestId): void;
  /** Removes it; returns whether it was still pending. */
  lose(request: PendingRequest): boolean;
  /** What brought its answer has ended. */
  ended(request: PendingRequest): void;
  close(): void;
}

/**
 * How long an answered request's stream may take to end, in milliseconds. Well-behaved servers end it with the answer,
 * and the connection is kept; a connection that must be cut costs the next request a new one.
 */
const lingerMs = 250;
/** More are cut at once, the oldest first. */
const mostLingering = 8;

export function createPendingRequests(): PendingRequests {
  /** By the id as text: some servers answer 5 as "5". */
  const pending = new Map<string, PendingRequest>();
  /** With the time at which each is cut. */
  const lingering = new Map<PendingRequest, number>();
  let timer: NodeJS.Timeout | null = null;

  function cut(): void {
    timer = null;
    const now = performance.now();
    for (const [request, at] of lingering) {
      if (at > now && lingering.size <= mostLingering) {
        timer = setTimeout(cut, at - now).unref();
        return;
      }
      lingering.delete(request);
      request.controller.abort();
    }
  }

  const take = (id: RequestId): PendingRequest | undefined => {
    const request = pending.get(String(id));
    pending.delete(String(id));
    return request;
  };

  return {
    add(id, onToken) {
      const request = { id, controller: new AbortController(), onToken, token: null, retryMs: null };
      pending.set(String(id), request);
      return request;
    },
    has: (request) => pending.get(String(request.id)) === request,
    answered(id) {
      const request = take(id);
      if (request === undefined) return;
      lingering.set(request, performance.now() + lingerMs);
      if (lingering.size > mostLingering) cut();
      else timer ??= setTimeout(cut, lingerMs).unref();
    },
    giveUp(id) {
      take(id)?.controller.abort();
    },
    lose: (request) => pending.get(String(request.id)) === request && pending.delete(String(request.id)),
    ended(request) {
      lingering.delete(request);
    },
    close() {
      for (const { controller } of [...pending.values(), ...lingering.keys()]) controller.abort();
      pending.clear();
      lingering.clear();
      if (timer !== null) clearTimeout(timer);
    },
  };
}
