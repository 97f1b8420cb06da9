/** What a link needs from either remote transport, and the news it gets. */

import type { TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import type { TimerClock } from '../../clock.ts';
import { toJsonText } from '../../text/json-text.ts';
import type { TellLinkNews } from '../link.ts';
import { type Answer, isEventStream, isOk } from './http/answer/answer.ts';
import { type BodyLimits, readBeginning } from './http/answer/body.ts';
import { notAnEventStream } from './http/error.ts';
import { toRefused } from './http/refused.ts';
import type { Outgoing } from './http/requests.ts';
import { isHarmless, methodOf, requestIdOf, urgencyOf } from './message.ts';

export type RemoteKind = 'streamable-http' | 'sse';

/** Receives the transport's messages and what happens to it, as the news of a link. */
export interface PeerListener {
  message(message: JSONRPCMessage): void;
  /** Something came that is no message, and is skipped. */
  error(error: Error): void;
  /** No answer to this request will come, and it is unknown whether it was carried out. */
  lost(id: RequestId, why: Error): void;
  readonly tell: TellLinkNews;
}

/** Sends a request with what lets it in, and tries once more with a new authorization if there is a provider for it. */
export type Ask = (outgoing: Outgoing) => Promise<Answer>;

export interface PeerOptions {
  readonly url: URL;
  readonly ask: Ask;
  /** Whether there are sockets enough to hold one for nothing but news. */
  readonly hasRoomForStreams: () => boolean;
  readonly limits: BodyLimits;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly timers: TimerClock;
}

export interface RemotePeer {
  readonly kind: RemoteKind;
  /** The server's id of the session. Undefined: it gave none, so far. */
  readonly sessionId: string | undefined;
  setProtocolVersion(version: string): void;
  start(): Promise<void>;
  /** Rejects with a `RemoteError` for every refusal, or with an `AbortError` if it was given up. */
  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void>;
  /** Nobody waits for the answer to this request any more: what would bring it is ended. */
  giveUp(id: RequestId): void;
  /** Tells the server that the session is over. Rejects if that fails. */
  leave(): Promise<void>;
  /** Silently: no news comes afterwards. */
  close(): void;
}

interface MessageRequest extends Pick<Outgoing, 'url' | 'headers' | 'controller'> {
  /** Whether it names a session of the server. */
  readonly session: boolean;
}

/** Nobody waits for the answer to a notification, so nobody gives it up: it has this long, in milliseconds. */
const notificationMs = 30_000;

/** Posts a message; rejects with a `RemoteError` unless the answer is ok. */
export async function post(
  { ask, limits, timers }: PeerOptions,
  message: JSONRPCMessage,
  request: MessageRequest,
): Promise<Answer> {
  const { session, headers, ...rest } = request;
  const isAwaited = requestIdOf(message) !== null;
  const timer = isAwaited ? undefined : timers.setTimeout(() => request.controller.abort(), notificationMs);
  const answer = await ask({
    ...rest,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: toJsonText(message),
    urgency: urgencyOf(message),
    isHarmless: isHarmless(message),
  }).finally(() => {
    if (timer !== undefined) timers.clearTimeout(timer);
  });
  if (isOk(answer)) return answer;
  const text = await readBeginning(answer, limits.room);
  throw toRefused(answer, { verb: 'POST', method: methodOf(message), session, text });
}

/** What follows a notification is held back for so long at most, in milliseconds: some servers never answer one. */
const heedMs = 5_000;

/** Resolves when a notification is answered, or is not going to be. Rejects if it is refused before that. */
export async function heeded(answered: Promise<void>, timers: TimerClock): Promise<void> {
  let timer: unknown;
  const patience = new Promise<void>((resolve) => {
    timer = timers.setTimeout(() => resolve(), heedMs);
  });
  await Promise.race([answered, patience]).finally(() => timers.clearTimeout(timer));
}

/** Opens an event stream; rejects with a `RemoteError` if something else is answered. */
export async function openEvents({ ask, limits }: PeerOptions, request: MessageRequest): Promise<Answer> {
  const { session, headers, ...rest } = request;
  const answer = await ask({
    ...rest,
    method: 'GET',
    headers: { ...headers, accept: 'text/event-stream' },
    urgency: 'urgent',
    isHarmless: true,
  });
  if (isEventStream(answer)) return answer;
  if (isOk(answer)) {
    answer.drop();
    throw notAnEventStream(answer.url, answer.status);
  }
  const text = await readBeginning(answer, limits.room);
  throw toRefused(answer, { verb: 'GET', method: null, session, text });
}
