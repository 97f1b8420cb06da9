/** Streamable HTTP: each message is posted, and its answer is JSON or an event stream of its own. */

import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { AnswerLost } from '../link.ts';
import { type AnswerStreamOptions, followAnswer, type OpenStream } from './answer-stream.ts';
import { createMalformedReport, type EventReader } from './events.ts';
import { type Answer, isEventStream, mediaTypeOf } from './http/answer/answer.ts';
import { ignoreBody, readText } from './http/answer/body.ts';
import { notMcp, RemoteError } from './http/error.ts';
import { answeredBy, inAnswerTo, messagesIn, methodOf, requestIdOf } from './message.ts';
import { heeded, openEvents, type PeerListener, type PeerOptions, post, type RemotePeer } from './peer.ts';
import { createPendingRequests, type PendingRequest } from './pending.ts';
import { createStandingStream } from './standing-stream.ts';

export function createStreamableHttpPeer(options: PeerOptions, listener: PeerListener): RemotePeer {
  const { ask, limits, url, now, timers } = options;
  const pending = createPendingRequests();
  let sessionId: string | undefined;
  let protocolVersion: string | undefined;

  const headers = (): Readonly<Record<string, string>> => ({
    ...(sessionId !== undefined && { 'mcp-session-id': sessionId }),
    ...(protocolVersion !== undefined && { 'mcp-protocol-version': protocolVersion }),
  });
  const openStream: OpenStream = (token, controller) => {
    const resuming = token === null ? {} : { 'last-event-id': token };
    const session = sessionId !== undefined;
    return openEvents(options, { url, headers: { ...headers(), ...resuming }, controller, session });
  };
  const onMalformed = createMalformedReport((error) => listener.error(error));
  const reader: EventReader = { limits, deliver, onMalformed };
  const standing = createStandingStream({
    reader,
    openStream,
    hasRoom: options.hasRoomForStreams,
    tell: listener.tell,
    now,
    timers,
  });
  const answering: AnswerStreamOptions = { reader, pending, openStream, lose, tell: listener.tell, timers };

  function deliver(message: JSONRPCMessage): void {
    const answered = answeredBy(message);
    if (answered !== null) pending.answered(answered);
    listener.message(message);
  }

  function lose(request: PendingRequest, why: Error): void {
    if (pending.lose(request)) listener.lost(request.id, why);
  }

  async function posted(message: JSONRPCMessage, controller: AbortController): Promise<Answer> {
    const accept = 'application/json, text/event-stream';
    const session = sessionId !== undefined;
    const answer = await post(options, message, { url, headers: { ...headers(), accept }, controller, session });
    sessionId = answer.header('mcp-session-id') ?? sessionId;
    return answer;
  }

  async function receive(answer: Answer, request: PendingRequest): Promise<void> {
    const mediaType = mediaTypeOf(answer);
    if (answer.status === 202 || (mediaType !== 'application/json' && !isEventStream(answer))) {
      ignoreBody(answer);
      // With 202, the answer comes on the event stream.
      if (answer.status !== 202 || !standing.isOpen) throw notMcp(url, answer.status, mediaType);
    } else if (isEventStream(answer)) {
      void followAnswer(answering, answer, request);
    } else {
      const messages = messagesIn(await readText(answer, limits));
      if (messages === null) throw notMcp(url);
      for (const message of messages) deliver(inAnswerTo(request.id, message));
      pending.ended(request);
      lose(request, new AnswerLost(`its response ended without an answer${othersIn(messages)}`));
    }
  }

  return {
    kind: 'streamable-http',
    get sessionId() {
      return sessionId;
    },
    setProtocolVersion(version) {
      protocolVersion = version;
    },
    start: async () => {},
    async send(message, sendOptions) {
      const id = requestIdOf(message);
      if (id === null) {
        await heeded(posted(message, new AbortController()).then(ignoreBody), timers);
        if (methodOf(message) === 'notifications/initialized') standing.open();
        return;
      }
      const request = pending.add(id, sendOptions?.onresumptiontoken);
      try {
        await receive(await posted(message, request.controller), request);
      } catch (error) {
        const answer = answerIn(error, message);
        if (answer !== null) return deliver(answer);
        pending.lose(request);
        throw error;
      }
    },
    giveUp: pending.giveUp,
    async leave() {
      if (sessionId === undefined) return;
      const request = { method: 'DELETE', url, headers: headers(), urgency: 'urgent', isHarmless: true } as const;
      ignoreBody(await ask({ ...request, controller: new AbortController() }));
    },
    close() {
      standing.close();
      pending.close();
    },
  };
}

/** In characters: an id may be as long as a message. */
const longestId = 200;

/** Which answers came instead of the one that was waited for, in words. */
function othersIn(messages: readonly JSONRPCMessage[]): string {
  const [id] = messages.map(answeredBy).filter((answered) => answered !== null);
  return id === undefined ? '' : `, but with one under the id ${JSON.stringify(id).slice(0, longestId)}`;
}

/**
 * Some servers send JSON-RPC errors with an HTTP error status. For access, sessions and the handshake only the status
 * counts.
 */
function answerIn(error: unknown, message: JSONRPCMessage): JSONRPCMessage | null {
  const id = requestIdOf(message);
  if (!(error instanceof RemoteError) || id === null || methodOf(message) === 'initialize') return null;
  const { status, session, rpc } = error.refusal;
  const isAboutSession = status === 401 || status === 403 || (status === 404 && session);
  if (isAboutSession || rpc === null || String(rpc.id) !== String(id)) return null;
  const { code, message: text, data } = rpc;
  return { jsonrpc: '2.0', id, error: { code, message: text, ...(data !== undefined && { data }) } };
}
