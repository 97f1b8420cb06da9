/** Opens the transport that a server supports, trying the other one where that makes sense, and holds it. */

import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import type { FetchLike, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Failure, Phase } from '../../../machines/failure.ts';
import { RemoteError } from './error.ts';
import { remoteFailureOf } from './failure.ts';
import { failureOfAll, kindsToTry, suggestsOther } from './fallback.ts';
import { createRemoteFetch, type RemoteFetch } from './fetch.ts';
import { createHttpPeer } from './http.ts';
import type { PeerListener, PeerOptions, RemoteKind, RemotePeer } from './peer.ts';
import { createSsePeer } from './sse.ts';
import { type RemoteTarget, toTarget } from './target.ts';

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
  /** Longest message that the server may send, in bytes. */
  readonly maxMessageBytes: number;
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
  let remote: RemoteFetch | null = null;
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

  let target: RemoteTarget | null = null;
  const peerOptions = (): PeerOptions => {
    if (isClosed) {
      throw notOpen();
    }
    target ??= toTarget(options.server, options.url, options.headers);
    const { fetch, ca = null, connectTimeoutMs = 10_000, maxMessageBytes, authProvider } = options;
    remote ??= createRemoteFetch({
      target,
      connectTimeoutMs,
      ca,
      maxMessageBytes,
      onTooLarge: (error) => listener.tell({ type: 'failed', failure: remoteFailureOf(error, null) }),
      ...(fetch && { fetch }),
    });
    return { url: target.url, remote, ...(authProvider && { authProvider }) };
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
      await remote?.close();
    },
  };
}

function notOpen(): RemoteError {
  return new RemoteError({ message: 'The link is not open.' });
}

function createPeer(kind: RemoteKind, options: PeerOptions, listener: PeerListener): RemotePeer {
  return kind === 'sse' ? createSsePeer(options, listener) : createHttpPeer(options, listener);
}
