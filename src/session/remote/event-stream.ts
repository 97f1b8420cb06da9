/**
 * The GET streams of Streamable HTTP: the standing one for messages that a server sends unasked, and those that resume
 * the answer to a request. The SDK opens and reopens them; this file watches how that goes, and decides whether it goes
 * on.
 */

import type { TellLinkNews } from '../link.ts';
import { type BodyEnd, isEventStream } from './body.ts';
import { notAnEventStream, RemoteError } from './error.ts';
import type { Carry } from './message.ts';
import { refusalOf } from './peer.ts';
import type { PendingRequest, PendingRequests } from './pending.ts';

export interface EventStreamOptions {
  readonly carry: Carry;
  readonly pending: PendingRequests;
  readonly mayAuthorize: (response: Response, body: unknown) => boolean;
  readonly isClosed: () => boolean;
  readonly lost: (request: PendingRequest, reason: string) => void;
}

/** Fetches event streams for the SDK. Rejects only where the SDK should retry, with growing delays. */
export function createEventStreams(
  options: EventStreamOptions,
  tell: TellLinkNews,
): (url: string | URL, init: RequestInit) => Promise<Response> {
  const { carry, mayAuthorize, pending, isClosed } = options;
  let wasOpen = false;

  async function opened(url: string | URL, init: RequestInit, onEnd?: (end: BodyEnd) => void): Promise<Response> {
    const response = await carry(url, init, { ...(onEnd && { onEnd }) });
    if (!response.ok && !mayAuthorize(response, null)) {
      throw await refusalOf(response, { method: 'GET', url, session: new Headers(init.headers).has('mcp-session-id') });
    }
    if (response.ok && !isEventStream(response)) {
      await response.body?.cancel();
      throw notAnEventStream(url, response.status);
    }
    return response;
  }

  async function openStanding(url: string | URL, init: RequestInit): Promise<Response> {
    let isOpen = false;
    const response = await opened(url, init, (end) => {
      if (isOpen && end !== 'dropped' && !isClosed()) {
        tell({ type: 'doubted', reason: `The event stream ${end === 'whole' ? 'ended' : 'broke'}.` });
      }
    });
    isOpen = response.ok;
    wasOpen ||= isOpen;
    if (isOpen) {
      tell({ type: 'push', available: true, reason: null });
    }
    return response;
  }

  /**
   * Only the answer to a POST decides about the session: servers without GET answer with any status their router has.
   */
  function withoutStanding(error: RemoteError): Response {
    const { status, session, message } = error.refusal;
    const reason = status === 405 ? 'The server offers no event stream.' : message;
    tell({ type: 'push', available: false, reason });
    if (status === 404 && session) {
      tell({ type: 'doubted', reason: message });
    }
    if (status === 405) {
      return noStream();
    }
    if (wasOpen) {
      throw error;
    }
    // The SDK retries only if a stream was open once.
    return mayPass(status) ? emptyStream() : noStream();
  }

  function withoutAnswer(error: RemoteError, request: PendingRequest): Response {
    if (mayPass(error.refusal.status)) {
      throw error;
    }
    options.lost(request, `its response stream cannot be resumed: ${error.refusal.message}`);
    return noStream();
  }

  return async (url, init) => {
    const token = new Headers(init.headers).get('last-event-id');
    if (isClosed() || (token !== null && pending.isSpent(token))) {
      return noStream();
    }
    const request = token === null ? null : pending.resumedBy(token);
    try {
      return await (request === null ? openStanding(url, init) : opened(url, init));
    } catch (error) {
      // Closed in the meantime: a rejection would make the SDK set another timer.
      if (isClosed() || !(error instanceof RemoteError)) {
        return noStream();
      }
      return request === null ? withoutStanding(error) : withoutAnswer(error, request);
    }
  };
}

/**
 * Whether a stream that was refused with this status may open later. 409: the server has not noticed yet that the last
 * one is gone.
 */
function mayPass(status: number | null): boolean {
  return status === null || status >= 500 || status === 429 || status === 409;
}

/** The only answer that stops the SDK from retrying a stream. */
function noStream(): Response {
  return new Response(null, { status: 405 });
}

function emptyStream(): Response {
  return new Response('', { status: 200, headers: { 'content-type': 'text/event-stream' } });
}
