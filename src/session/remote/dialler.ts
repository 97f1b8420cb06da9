/** Opens the transport that a server supports, trying the other one where that makes sense, and holds it. */

import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import type { FetchLike, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Failure, Phase } from '../../../machines/failure.ts';
import { systemClock, type TimerClock } from '../../clock.ts';
import type { ProxyChoice } from '../../specification.ts';
import type { Account } from '../budget.ts';
import type { TellLinkNews } from '../link.ts';
import { createAccess } from './access.ts';
import { failureOfAll, kindsToTry, suggestsOther } from './fallback.ts';
import { createAuthorizationFetch } from './http/authorization-fetch.ts';
import { RemoteError } from './http/error.ts';
import { createRequests } from './http/requests.ts';
import { toTarget } from './http/target.ts';
import type { PeerListener, PeerOptions, RemoteKind, RemotePeer } from './peer.ts';
import type { SocketBudget } from './socket-budget.ts';
import { createSsePeer } from './sse.ts';
import { createStreamableHttpPeer } from './streamable-http.ts';

export interface RemoteDiallerOptions {
  readonly server: string;
  /** `auto` tries Streamable HTTP, then legacy SSE on 400, 404 or 405 (the reverse if the path ends in `/sse`). */
  readonly transport: RemoteKind | 'auto';
  /** Expanded. Userinfo becomes an `Authorization` header. */
  readonly url: string;
  /** Expanded; sent with every request to the origin of `url`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The host's fetch. Default: undici's, without limits on headers and bodies. */
  readonly fetch?: FetchLike;
  readonly authProvider?: OAuthClientProvider;
  /** Time to open a connection, in milliseconds. Default 10 000. */
  readonly connectTimeoutMs?: number;
  /** Certificates (PEM) to trust for the server of `url`. Default and null: those of the system. */
  readonly ca?: string | null;
  /** The proxy to go through. Default and null: none. */
  readonly proxy?: ProxyChoice | null;
  /** Longest message that the server may send, in bytes. */
  readonly maxMessageBytes: number;
  /** For messages that have begun and not ended. */
  readonly room: Account;
  /** For the connections of all links. */
  readonly sockets: SocketBudget;
  /** Calls to this server at a time, at most; there are places beside them for other requests. */
  readonly maxConnections: number;
  /** A monotonic clock in milliseconds, by which event streams are opened again. Default: the machine's. */
  readonly now?: () => number;
  /** Default: Node's. */
  readonly timers?: TimerClock;
}

export interface RemoteDialler {
  readonly kind: RemoteKind;
  readonly peer: RemotePeer | null;
  /** Rejects with a `RemoteError` if the target is invalid, if no transport opens, or if closed in the meantime. */
  start(): Promise<void>;
  /** Sends the first message; sends it over the other transport if this one is refused as unknown. */
  sendFirst(message: JSONRPCMessage, options: TransportSendOptions | undefined): Promise<void>;
  send(message: JSONRPCMessage, options: TransportSendOptions | undefined): Promise<void>;
  /** The failure that an error of `start` or `sendFirst` means, including all earlier attempts. */
  failureOf(error: unknown, phase: Phase): Failure;
  leave(): Promise<void>;
  close(): Promise<void>;
}

export function createRemoteDialler(options: RemoteDiallerOptions, listener: PeerListener): RemoteDialler {
  const refused: RemoteError[] = [];
  const kinds = kindsToTry(options.transport, options.url);
  const closing: (() => Promise<void>)[] = [];
  let peer: RemotePeer | null = null;
  let isClosed = false;
  let giveUp: (error: Error) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  // It may be closed while nothing is being opened, and then nobody handles the rejection.
  givenUp.catch(() => {});

  async function openNext(peerOptions: PeerOptions): Promise<void> {
    peer = createPeer(kinds[refused.length] ?? kinds[0], peerOptions, listener);
    try {
      await Promise.race([peer.start(), givenUp]);
    } catch (error) {
      turnTo(error);
      await openNext(peerOptions);
    }
  }

  /** Gives up the transport that was refused with `error`; throws the error if there is no other to try. */
  function turnTo(error: unknown): void {
    if (!suggestsOther(error) || refused.length + 1 >= kinds.length || isClosed) {
      throw error;
    }
    refused.push(error);
    peer?.close();
  }

  let known: PeerOptions | null = null;
  const peerOptions = (): PeerOptions => {
    if (isClosed) throw notOpen();
    known ??= prepare(options, listener.tell, closing);
    return known;
  };

  return {
    get kind() {
      return peer?.kind ?? kinds[0];
    },
    get peer() {
      return peer;
    },
    async start() {
      await openNext(peerOptions());
    },
    async sendFirst(message, sendOptions) {
      try {
        await this.send(message, sendOptions);
      } catch (error) {
        turnTo(error);
        await openNext(peerOptions());
        await this.sendFirst(message, sendOptions);
      }
    },
    async send(message, sendOptions) {
      if (peer === null || isClosed) {
        throw notOpen();
      }
      await peer.send(message, sendOptions);
    },
    failureOf: (error, phase) => failureOfAll(refused, error, phase),
    async leave() {
      await peer?.leave();
    },
    async close() {
      isClosed = true;
      giveUp(notOpen());
      peer?.close();
      await Promise.all(closing.map((close) => close()));
    },
  };
}

/** What a peer needs, whichever it is. Adds to `closing` what has to be closed. */
function prepare(options: RemoteDiallerOptions, tell: TellLinkNews, closing: (() => Promise<void>)[]): PeerOptions {
  const { server, url, headers, fetch, authProvider, ca = null, proxy = null, connectTimeoutMs = 10_000 } = options;
  const { maxMessageBytes, room, sockets, maxConnections } = options;
  const target = toTarget(server, url, headers);
  const carrier = { target, ca, proxy, connectTimeoutMs, ...(fetch && { fetch }) };
  const requests = createRequests({
    ...carrier,
    server,
    sockets,
    maxConnections,
    tellCrowding: (crowding) => tell({ type: 'crowded', crowding }),
  });
  closing.push(requests.close);
  const { now = systemClock.monotonicNow, timers = systemClock } = options;
  const limits = { maxMessageBytes, room };
  const peer = { url: target.url, limits, hasRoomForStreams: sockets.hasRoomForStreams, now, timers };
  if (authProvider === undefined) return { ...peer, ask: requests.ask };
  const authorizing = createAuthorizationFetch(carrier);
  closing.push(authorizing.close);
  return { ...peer, ask: createAccess(requests, authProvider, authorizing.fetch) };
}

function notOpen(): RemoteError {
  return new RemoteError({ message: 'The link is not open.' });
}

function createPeer(kind: RemoteKind, options: PeerOptions, listener: PeerListener): RemotePeer {
  return kind === 'sse' ? createSsePeer(options, listener) : createStreamableHttpPeer(options, listener);
}
