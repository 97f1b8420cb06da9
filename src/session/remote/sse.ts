/** Legacy HTTP+SSE. One stream carries everything: when it ends, the session has ended. */

import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { type FailureClass, failure } from '../../../machines/failure.ts';
import { createMalformedReport } from './events.ts';
import { remoteFailureOf } from './failure.ts';
import type { Answer } from './http/answer/answer.ts';
import { ignoreBody, readEvents } from './http/answer/body.ts';
import { badEndpoint, missingEndpoint, RemoteError } from './http/error.ts';
import { answeredBy, messagesIn, methodOf, requestIdOf } from './message.ts';
import { heeded, openEvents, type PeerListener, type PeerOptions, post, type RemotePeer } from './peer.ts';
import { createPendingRequests } from './pending.ts';

export function createSsePeer(options: PeerOptions, listener: PeerListener): RemotePeer {
  const { url, limits, timers } = options;
  const controller = new AbortController();
  const pending = createPendingRequests();
  const onMalformed = createMalformedReport((error) => listener.error(error));
  let endpoint: URL | null = null;
  let protocolVersion: string | undefined;

  const headers = (): Readonly<Record<string, string>> =>
    protocolVersion === undefined ? {} : { 'mcp-protocol-version': protocolVersion };

  /** Resolves when the stream has named its endpoint. */
  function named(answer: Answer): Promise<void> {
    return new Promise((resolve, reject) => {
      const event = ({ type, data }: { readonly type: string | null; readonly data: string }) => {
        if (type === 'endpoint') {
          const named = endpointAt(url, data);
          if (named !== null && named.origin === url.origin) {
            endpoint = named;
            return resolve();
          }
          reject(badEndpoint(url, named));
          answer.drop();
        } else if (data.trim() !== '' && (type === null || type === 'message')) {
          const messages = messagesIn(data);
          if (messages === null) onMalformed(data);
          else for (const message of messages) deliver(message);
        }
      };
      readEvents(answer, limits, { event, retry() {} }).then(
        () => {
          reject(new RemoteError({ message: noEndpoint, status: answer.status, code: 'STREAM_ENDED' }));
          ended();
        },
        (error: unknown) => {
          reject(error);
          ended(error);
        },
      );
    });
  }

  /** What was posted is not waited for once it has been answered here: some servers never answer the POST itself. */
  function deliver(message: JSONRPCMessage): void {
    const answered = answeredBy(message);
    if (answered !== null) pending.answered(answered);
    listener.message(message);
  }

  async function posted(message: JSONRPCMessage, posting: AbortController): Promise<void> {
    const accept = 'application/json';
    const request = { url: endpoint ?? url, headers: { ...headers(), accept }, controller: posting, session: true };
    ignoreBody(await post(options, message, request));
  }

  function ended(error?: unknown): void {
    if (controller.signal.aborted || endpoint === null) return;
    const failed = remoteFailureOf(error, null);
    if (endings.has(failed.class)) listener.tell({ type: 'failed', failure: failed });
    else listener.tell({ type: 'ended', failure: failure('disconnected', 'The event stream ended.') });
  }

  return {
    kind: 'sse',
    sessionId: undefined,
    setProtocolVersion(version) {
      protocolVersion = version;
    },
    async start() {
      await named(await openEvents(options, { url, headers: headers(), controller, session: false }));
    },
    async send(message) {
      const id = requestIdOf(message);
      if (id === null) return heeded(posted(message, new AbortController()), timers);
      const request = pending.add(id, undefined);
      try {
        await posted(message, request.controller);
        pending.ended(request);
      } catch (error) {
        pending.lose(request);
        const isMissing =
          methodOf(message) === 'initialize' &&
          error instanceof RemoteError &&
          missingStatuses.has(error.refusal.status);
        throw isMissing ? missingEndpoint(url, error) : error;
      }
    },
    giveUp: pending.giveUp,
    // The protocol has no message for it: the end of the stream means it.
    leave: async () => {},
    close() {
      controller.abort();
      pending.close();
    },
  };
}

/** The server did not end the stream: we could not go on with it. */
const endings: ReadonlySet<FailureClass> = new Set(['messageTooLarge', 'shortage']);

const noEndpoint = 'The event stream ended before it named its endpoint.';

/** Null: it is no address. */
function endpointAt(url: URL, named: string): URL | null {
  return URL.canParse(named.trim(), url.href) ? new URL(named.trim(), url) : null;
}

/** What is answered where there is nothing, or nothing that takes messages. */
const missingStatuses: ReadonlySet<number | null> = new Set([404, 405, 501]);
