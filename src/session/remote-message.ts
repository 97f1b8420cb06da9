/** The POST requests of Streamable HTTP: what each carries, and whether its response stream brought the answer. */

import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { RemoteError, toUnanswered } from './remote-error.ts';
import type { Exchange, RemoteFetch } from './remote-fetch.ts';
import { afterDelivery, refusalOf } from './remote-peer.ts';
import type { PendingRequest, PendingRequests } from './remote-pending.ts';

/** Fetches, and rejects with a `RemoteError` unless it was aborted by us. */
export type Carry = (url: string | URL, init: RequestInit, exchange?: Exchange) => Promise<Response>;

export function createCarry(remote: RemoteFetch): Carry {
  return async (url, init, exchange) => {
    try {
      return await remote.fetch(url, init, exchange);
    } catch (error) {
      const isOurs = remote.closed || init.signal?.aborted === true || exchange?.controller?.signal.aborted === true;
      throw isOurs || error instanceof RemoteError ? error : toUnanswered(error, url);
    }
  };
}

export interface MessageOptions {
  readonly carry: Carry;
  readonly pending: PendingRequests;
  readonly mayAuthorize: (response: Response, body: unknown) => boolean;
  readonly lost: (request: PendingRequest, reason: string) => void;
}

/** Posts messages for the SDK. `body` is the message as it is sent. */
export function createPost({ carry, pending, mayAuthorize, lost }: MessageOptions): (url: string | URL, init: RequestInit, body: string) => Promise<Response> {
  return async (url, init, body) => {
    const id = requestIdOf(JSON.parse(body));
    const request = id === null ? undefined : pending.get(id);
    let isEventStream = false;
    const response = await carry(url, init, {
      ...(request && { controller: request.controller }),
      settled: (end) => {
        if (isEventStream && request !== undefined && end !== 'dropped') {
          afterDelivery(() => loseUnlessResumed(request, `its response stream ${end === 'whole' ? 'ended' : 'broke'} without an answer`));
        }
      },
    });
    if (!response.ok && !mayAuthorize(response, body)) {
      throw await refusalOf(response, { method: 'POST', url, session: new Headers(init.headers).has('mcp-session-id') });
    }
    isEventStream = response.ok && response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    return response.ok && id === null ? accepted(response) : response;
  };

  function loseUnlessResumed(request: PendingRequest, reason: string): void {
    if (request.token === null) {
      lost(request, reason);
    }
  }
}

/** SDK 1.32 opens its event stream only if `notifications/initialized` is answered with exactly 202; servers say 200 and 204 as well. */
async function accepted(response: Response): Promise<Response> {
  await response.body?.cancel();
  return new Response(null, { status: 202, headers: response.headers });
}

/** The id of a request of ours; null for everything else that is sent. */
export function requestIdOf(message: JSONRPCMessage): RequestId | null {
  return 'method' in message && 'id' in message ? message.id : null;
}

/** The id of the request that an inbound message answers, with a result or an error. */
export function answeredBy(message: JSONRPCMessage): RequestId | null {
  return 'method' in message ? null : (message.id ?? null);
}

/** The request that a `notifications/cancelled` gives up. */
export function cancelledBy(message: JSONRPCMessage): RequestId | null {
  const id = 'method' in message && message.method === 'notifications/cancelled' ? message.params?.['requestId'] : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
