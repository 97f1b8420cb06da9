/** Legacy HTTP+SSE over the SDK's transport. One stream carries everything: when it ends, the session has ended. */

import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { failure } from '../../../machines/failure.ts';
import { isEventStream } from './body.ts';
import { badEndpoint, notAnEventStream, RemoteError } from './error.ts';
import { createCarry } from './message.ts';
import {
  afterDelivery,
  createChallenges,
  type PeerListener,
  type PeerOptions,
  type RemotePeer,
  refusalOf,
} from './peer.ts';

export function createSsePeer({ url, remote, authProvider }: PeerOptions, listener: PeerListener): RemotePeer {
  const carry = createCarry(remote);
  const mayAuthorize = createChallenges(authProvider);
  /** Why the stream could not be opened: the SDK's own error says so only in its message. */
  let refusal: unknown = null;
  let isOpened = false;
  let isClosed = false;

  const transport = new SSEClientTransport(url, {
    ...(authProvider && { authProvider }),
    fetch: (to, init = {}) => {
      if (init.method === 'POST' && typeof init.body === 'string' && init.body.includes('"jsonrpc"')) {
        return post(to, init);
      }
      return new Headers(init.headers).get('accept') === 'text/event-stream'
        ? openStream(to, init)
        : remote.fetch(to, init);
    },
  });
  transport.onerror = (error) => listener.error(error);
  transport.onmessage = (message) => listener.message(message);

  async function openStream(to: string | URL, init: RequestInit): Promise<Response> {
    try {
      return await eventStream(to, init);
    } catch (error) {
      refusal = error;
      throw error;
    }
  }

  async function eventStream(to: string | URL, init: RequestInit): Promise<Response> {
    const response = await carry(to, init, {
      onEnd: (end) => {
        if (end !== 'dropped' && isOpen) {
          refusal ??= new RemoteError({
            message: 'The event stream ended before it named its endpoint.',
            status: response.status,
            code: 'STREAM_ENDED',
          });
          afterDelivery(onStreamEnd);
        }
      },
    });
    const isOpen = isEventStream(response);
    isOpened ||= isOpen;
    if (!response.ok && !mayAuthorize(response, null)) {
      throw await refusalOf(response, { method: 'GET', url: to, session: false });
    }
    if (response.ok && !isOpen) {
      await response.body?.cancel();
      throw notAnEventStream(to, response.status);
    }
    return response;
  }

  async function post(to: string | URL, init: RequestInit): Promise<Response> {
    const response = await carry(to, init);
    if (!response.ok && !mayAuthorize(response, init.body)) {
      throw await refusalOf(response, { method: 'POST', url: to, session: true });
    }
    return response;
  }

  function onStreamEnd(): void {
    if (!isClosed) {
      listener.tell({ type: 'ended', failure: failure('disconnected', 'The event stream ended.') });
    }
  }

  return {
    kind: 'sse',
    transport,
    async start() {
      await transport.start().catch((error: unknown) => {
        // The only thing that can be wrong with an open stream; the SDK's error repeats what the server wrote.
        throw refusal ?? (isOpened && !isClosed ? badEndpoint(url) : error);
      });
    },
    send: (message) => transport.send(message),
    // The protocol has no message for it: the end of the stream means it.
    leave: async () => {},
    close() {
      isClosed = true;
      void transport.close();
    },
  };
}
