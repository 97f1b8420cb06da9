/** The POST requests of Streamable HTTP: what each carries, and whether its response brought the answer. */

import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { mediaTypeOf } from './remote-body.ts';
import { RemoteError, toHollow, toUnanswered } from './remote-error.ts';
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
    let isAwaited = false;
    const response = await carry(url, init, {
      ...(request && { controller: request.controller }),
      settled: (end) => {
        if (request !== undefined && end !== 'dropped') {
          afterDelivery(() => isAwaited && loseUnlessResumed(request, `its response ${end === 'whole' ? 'ended' : 'broke'} without an answer`));
        }
      },
    });
    if (!response.ok && !mayAuthorize(response, body)) {
      throw await refusalOf(response, { method: 'POST', url, session: new Headers(init.headers).has('mcp-session-id') });
    }
    if (!response.ok) {
      return response;
    }
    isAwaited = id !== null;
    return isAwaited ? answering(response, url) : accepted(response);
  };

  function loseUnlessResumed(request: PendingRequest, reason: string): void {
    if (request.token === null) {
      lost(request, reason);
    }
  }
}

/** The SDK would wait for ever after a 202, and does not look at a body of another kind. */
async function answering(response: Response, url: string | URL): Promise<Response> {
  const mediaType = mediaTypeOf(response);
  if (response.status !== 202 && (mediaType === 'application/json' || mediaType === 'text/event-stream')) {
    return response;
  }
  await response.body?.cancel();
  throw toHollow(url, response.status, mediaType);
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
  const id = 'method' in message && message.method === 'notifications/cancelled' ? message.params?.requestId : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
