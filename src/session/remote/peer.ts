/** What a link needs from either remote transport, and the news it gets. */

import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import type { TellLinkNews } from '../link.ts';
import { toRefused } from './error.ts';
import type { RemoteFetch } from './fetch.ts';

export type RemoteKind = 'streamable-http' | 'sse';

/** Receives the transport's messages and what happens to it, as the news of a link. */
export interface PeerListener {
  message(message: JSONRPCMessage): void;
  error(error: Error): void;
  /** No answer to this request will come, and it is unknown whether it was carried out. */
  lost(id: RequestId, reason: string): void;
  readonly tell: TellLinkNews;
}

export interface PeerOptions {
  readonly url: URL;
  readonly remote: RemoteFetch;
  readonly authProvider?: OAuthClientProvider;
}

export interface RemotePeer {
  readonly kind: RemoteKind;
  readonly transport: Transport;
  start(): Promise<void>;
  /** Rejects with a `RemoteError` for every refusal that this process saw, else with the SDK's error. */
  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void>;
  /** Tells the server that the session is over. Rejects if that fails. */
  leave(): Promise<void>;
  /** Silently: no news comes afterwards. */
  close(): void;
}

/**
 * Decides which refused answers the SDK sees, because its authorization flow starts there. Each message gets one flow:
 * over SSE version 1.32 would retry for ever.
 */
export function createChallenges(
  authProvider: OAuthClientProvider | undefined,
): (response: Response, body: unknown) => boolean {
  const challenged = new Set<unknown>();
  return (response, body) => {
    const isChallenge =
      response.status === 401 || (response.status === 403 && response.headers.has('www-authenticate'));
    const mayAnswer = authProvider !== undefined && isChallenge && !challenged.has(body);
    challenged.delete(body);
    if (mayAnswer) {
      challenged.add(body);
    }
    return mayAnswer;
  };
}

/** The error for an answer that is not ok. */
export async function refusalOf(
  response: Response,
  request: { readonly method: string; readonly url: string | URL; readonly session: boolean },
): Promise<Error> {
  return toRefused(response, { ...request, text: await errorTextOf(response) });
}

/** The beginning of the body of an answer that is not ok: enough for a protocol error. */
export function errorTextOf(response: Response): Promise<string> {
  return beginningOf(response.body, 64 * 1_024);
}

async function beginningOf(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= maxBytes) {
        break;
      }
    }
  } catch {
    // The status is enough: a broken error page changes nothing.
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Runs `then` when everything that a stream held before its end has been delivered, which takes microtasks only. */
export function afterDelivery(then: () => void): void {
  setImmediate(() => setImmediate(then));
}
