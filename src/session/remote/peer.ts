/** What a link needs of either remote transport, and what it hears from it. */

import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import type { TellLinkNews } from '../link.ts';
import { toRefused } from './error.ts';
import type { RemoteFetch } from './fetch.ts';

export type RemoteKind = 'streamable-http' | 'sse';

/** What a transport is heard to say, and what happens to it, in the words of a link. */
export interface PeerListener {
  message(message: JSONRPCMessage): void;
  error(error: Error): void;
  /** No answer to this request will come, and whether it was carried out is unknown. */
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
  /** Rejects with a `RemoteError` for whatever this process saw of the refusal, else with the SDK's error. */
  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void>;
  /** Tells the server that the session is over. Rejects if that cannot be done. */
  leave(): Promise<void>;
  /** Quietly: nothing is heard of it afterwards. */
  close(): void;
}

/**
 * Which refused answers the SDK is shown, because its authorization flow begins there.
 * Each message gets one flow: 1.32 tries for ever over SSE.
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

/** As much of the body of an answer that is not ok as a protocol error may fill. */
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
    // The status says enough: a broken error page changes nothing.
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Runs `then` when everything a stream held before its end has been handed on: that takes microtasks only. */
export function afterDelivery(then: () => void): void {
  setImmediate(() => setImmediate(then));
}
