/** The POST requests of Streamable HTTP: what each carries, and whether its response contained the answer. */

import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { isRecord } from '../../json.ts';
import { mediaTypeOf } from './body.ts';
import { notMcp, RemoteError, toRefused, toUnanswered } from './error.ts';
import type { Exchange, RemoteFetch } from './fetch.ts';
import { afterDelivery, errorTextOf } from './peer.ts';
import type { PendingRequest, PendingRequests } from './pending.ts';

/** Fetches; rejects with a `RemoteError` unless we aborted it. */
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

/** Posts messages for the SDK. `body` is the serialised message. */
export function createPost({
  carry,
  pending,
  mayAuthorize,
  lost,
}: MessageOptions): (url: string | URL, init: RequestInit, body: string) => Promise<Response> {
  return async (url, init, body) => {
    const message = JSON.parse(body) as JSONRPCMessage;
    const id = requestIdOf(message);
    const request = id === null ? undefined : pending.get(id);
    let isAwaited = false;
    const response = await carry(url, init, {
      ...(request && { controller: request.controller }),
      onEnd: (end) => {
        if (request !== undefined && end !== 'dropped') {
          afterDelivery(
            () =>
              isAwaited &&
              loseUnlessResumed(request, `its response ${end === 'whole' ? 'ended' : 'broke'} without an answer`),
          );
        }
      },
    });
    if (!response.ok && !mayAuthorize(response, body)) {
      const refusal = {
        method: 'POST',
        url,
        session: new Headers(init.headers).has('mcp-session-id'),
        text: await errorTextOf(response),
      };
      if (mayHoldAnswer(response.status, refusal.session, message) && holdsError(refusal.text, id)) {
        return new Response(refusal.text, { status: 200, headers: { 'content-type': 'application/json' } });
      }
      throw toRefused(response, refusal);
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

/**
 * Some servers send JSON-RPC errors with an HTTP error status. For access, sessions and the handshake only the status
 * counts.
 */
function mayHoldAnswer(status: number, session: boolean, message: JSONRPCMessage): boolean {
  const isAboutSession = status === 401 || status === 403 || (status === 404 && session);
  return !isAboutSession && 'method' in message && message.method !== 'initialize';
}

/** Whether `text` is the error answer to request `id`. One without an id is about the HTTP request. */
function holdsError(text: string, id: RequestId | null): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    if (id === null || !isRecord(answer) || answer.jsonrpc !== '2.0' || !isRecord(answer.error)) {
      return false;
    }
    const { code, message } = answer.error;
    return String(answer.id) === String(id) && Number.isInteger(code) && typeof message === 'string';
  } catch {
    // An error page, or nothing: no answer.
    return false;
  }
}

/** The SDK would wait for ever after a 202, and does not check other content types. */
async function answering(response: Response, url: string | URL): Promise<Response> {
  const mediaType = mediaTypeOf(response);
  if (response.status !== 202 && (mediaType === 'application/json' || mediaType === 'text/event-stream')) {
    return response;
  }
  await response.body?.cancel();
  throw notMcp(url, response.status, mediaType);
}

/**
 * SDK 1.32 opens its event stream only if `notifications/initialized` is answered with exactly 202; servers also send
 * 200 and 204.
 */
async function accepted(response: Response): Promise<Response> {
  await response.body?.cancel();
  return new Response(null, { status: 202, headers: response.headers });
}

/** The id of one of our requests; null for every other message. */
export function requestIdOf(message: JSONRPCMessage): RequestId | null {
  return 'method' in message && 'id' in message ? message.id : null;
}

/** The id of the request that an inbound message answers, with a result or an error. */
export function answeredBy(message: JSONRPCMessage): RequestId | null {
  return 'method' in message ? null : (message.id ?? null);
}

/** The id of the request that a `notifications/cancelled` cancels. */
export function cancelledBy(message: JSONRPCMessage): RequestId | null {
  const id = 'method' in message && message.method === 'notifications/cancelled' ? message.params?.requestId : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
