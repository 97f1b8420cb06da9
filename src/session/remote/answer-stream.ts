/** The event stream that brings the answer to one request, resumed where it broke off if the server can do that. */

import { delay, type TimerClock } from '../../clock.ts';
import { AnswerLost, type TellLinkNews } from '../link.ts';
import { type EventReader, readMessages, type StreamWatch } from './events.ts';
import { remoteFailureOf } from './failure.ts';
import type { Answer } from './http/answer/answer.ts';
import { mayPass, RemoteError } from './http/error.ts';
import { inAnswerTo } from './message.ts';
import type { PendingRequest, PendingRequests } from './pending.ts';
import { createReopening } from './reopening.ts';

export interface AnswerStreamOptions {
  readonly reader: EventReader;
  readonly pending: PendingRequests;
  /** Opens an event stream; rejects with a `RemoteError` if there is none. */
  readonly openStream: OpenStream;
  readonly lose: (request: PendingRequest, why: Error) => void;
  readonly tell: TellLinkNews;
  readonly timers: TimerClock;
}

/** `token`: the id of the event after which the stream is resumed. Null: a new one. */
export type OpenStream = (token: string | null, controller: AbortController) => Promise<Answer>;

/** Somebody waits for the answer, so it is asked for sooner than news are. */
const pace = { leastMs: 100, firstMs: 1_000 };

/** Reads until the request is answered or lost. Does not reject. */
export async function followAnswer(
  options: AnswerStreamOptions,
  first: Answer,
  request: PendingRequest,
): Promise<void> {
  const { pending, lose, tell } = options;
  const reopening = createReopening(pace);
  const watch: StreamWatch = {
    token(token) {
      request.token = token;
      request.onToken?.(token);
      reopening.succeeded();
    },
    retry(delayMs) {
      request.retryMs = delayMs;
    },
  };
  const reader: EventReader = {
    ...options.reader,
    deliver: (message) => options.reader.deliver(inAnswerTo(request.id, message)),
  };
  let answer: Answer | null = first;
  try {
    while (answer !== null) {
      const end = await readMessages(answer, reader, watch).then(() => 'ended', asBroken);
      if (!pending.has(request)) break;
      if (request.token === null) return lose(request, new AnswerLost(`its response ${end} without an answer`));
      answer = await resumed(options, request, () => reopening.next(request.retryMs));
    }
  } catch (error) {
    if (!pending.has(request)) return;
    if (error instanceof RemoteError && error.dropped) return lose(request, error);
    const failed = remoteFailureOf(error, null);
    if (failed.class === 'messageTooLarge') tell({ type: 'failed', failure: failed });
    else lose(request, new AnswerLost(`its response stream cannot be resumed: ${failed.message}`));
  } finally {
    pending.ended(request);
  }
}

function asBroken(error: unknown): 'broke' {
  if (error instanceof RemoteError && (error.dropped || error.refusal.code === 'MESSAGE_TOO_LARGE')) throw error;
  return 'broke';
}

/** Null: it was answered elsewhere, or given up. */
async function resumed(
  { pending, openStream, timers }: AnswerStreamOptions,
  request: PendingRequest,
  nextMs: () => number,
): Promise<Answer | null> {
  const { controller, token } = request;
  for (;;) {
    await delay(nextMs(), timers, controller.signal);
    if (!pending.has(request)) return null;
    try {
      return await openStream(token, controller);
    } catch (error) {
      if (!(error instanceof RemoteError) || !mayPass(error.refusal)) throw error;
    }
  }
}
