/**
 * Streamable HTTP over the SDK's transport, reporting what the SDK does not: `message.ts` for POST, `event-stream.ts`
 * for GET.
 */

import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ZodError } from 'zod';
import { notMcp } from './error.ts';
import { createEventStreams } from './event-stream.ts';
import { answeredBy, cancelledBy, createCarry, createPost, requestIdOf } from './message.ts';
import { createChallenges, type PeerListener, type PeerOptions, type RemotePeer } from './peer.ts';
import { createPendingRequests, type PendingRequest } from './pending.ts';

/** By default the SDK gives up its event stream after two attempts, permanently and silently. */
const reconnectionOptions = {
  initialReconnectionDelay: 1_000,
  maxReconnectionDelay: 30_000,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: Number.MAX_SAFE_INTEGER,
};

export function createHttpPeer({ url, remote, authProvider }: PeerOptions, listener: PeerListener): RemotePeer {
  const pending = createPendingRequests();
  let isClosed = false;
  const lost = (request: PendingRequest, reason: string) => {
    if (pending.lose(request) && !isClosed) {
      listener.lost(request.id, reason);
    }
  };
  const shared = {
    carry: createCarry(remote),
    pending,
    lost,
    mayAuthorize: createChallenges(authProvider),
    isClosed: () => isClosed,
  };
  const post = createPost(shared);
  const openStream = createEventStreams(shared, listener.tell);

  const transport = new StreamableHTTPClientTransport(url, {
    reconnectionOptions,
    ...(authProvider && { authProvider }),
    fetch: (to, init = {}) => {
      if (init.method === 'GET' && new Headers(init.headers).get('accept') === 'text/event-stream') {
        return openStream(to, init);
      }
      return isMessage(init) ? post(to, init, init.body) : remote.fetch(to, init);
    },
  });
  keepTimersOff(transport, () => isClosed);
  transport.onerror = (error) => listener.error(error);
  transport.onmessage = (message) => {
    const answered = answeredBy(message);
    if (answered !== null) {
      pending.settle(answered);
    }
    listener.message(message);
  };
  const sdk: Transport = transport;

  return {
    kind: 'streamable-http',
    transport: sdk,
    start: () => transport.start(),
    async send(message, options) {
      const id = requestIdOf(message);
      if (id === null) {
        const cancelled = cancelledBy(message);
        await sdk.send(message, options).finally(() => cancelled !== null && pending.giveUp(cancelled));
        return;
      }
      const request = pending.add(id);
      const onresumptiontoken = (token: string) => {
        request.token = token;
        options?.onresumptiontoken?.(token);
      };
      await sdk.send(message, { ...options, onresumptiontoken }).catch((error: unknown) => {
        pending.settle(id);
        throw isUnreadable(error) ? notMcp(url) : error;
      });
    },
    leave: () => transport.terminateSession(),
    close() {
      isClosed = true;
      void transport.close();
    },
  };
}

/** The answer was not JSON, or JSON that is no message. */
function isUnreadable(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof ZodError;
}

/**
 * The SDK posts two kinds of JSON: messages, and a client's registration at an authorization server, which is not
 * handled here.
 */
function isMessage(init: RequestInit): init is RequestInit & { body: string } {
  return (
    init.method === 'POST' &&
    new Headers(init.headers).has('accept') &&
    typeof init.body === 'string' &&
    init.body.includes('"jsonrpc"')
  );
}

/**
 * SDK 1.32.2 keeps the reconnection timers of all streams in one field, so `close` clears only the last one, and
 * aborting a reconnection sets another. With this, no stream's timer keeps the process alive, and none is set after the
 * end.
 */
function keepTimersOff(transport: StreamableHTTPClientTransport, isClosed: () => boolean): void {
  let latest: NodeJS.Timeout | undefined;
  Object.defineProperty(transport, '_reconnectionTimeout', {
    get: () => latest,
    set: (timer: NodeJS.Timeout | undefined) => {
      latest = timer;
      timer?.unref();
      if (isClosed()) {
        clearTimeout(timer);
      }
    },
  });
}
