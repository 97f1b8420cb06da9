/** The event stream of Streamable HTTP on which a server sends what nobody asked for: opened again when it ends. */

import { delay, type TimerClock } from '../../clock.ts';
import type { TellLinkNews } from '../link.ts';
import type { OpenStream } from './answer-stream.ts';
import { type EventReader, readMessages } from './events.ts';
import { remoteFailureOf } from './failure.ts';
import { mayPass, RemoteError } from './http/error.ts';
import { createReopening } from './reopening.ts';

export interface StandingStreamOptions {
  readonly reader: EventReader;
  readonly openStream: OpenStream;
  /** Whether there are sockets enough to hold one for nothing but news. */
  readonly hasRoom: () => boolean;
  readonly tell: TellLinkNews;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly timers: TimerClock;
}

export interface StandingStream {
  readonly isOpen: boolean;
  /** Begins to open it; has no effect when called again. */
  open(): void;
  close(): void;
}

/** News can wait: a server that ends its stream at once is not asked more than once a second, and soon less. */
const pace = { leastMs: 1_000, firstMs: 1_000 };
/** A stream that was open so long was a good one, in milliseconds: proxies cut silent ones after half a minute and more. */
const stayedMs = 10_000;

export function createStandingStream(options: StandingStreamOptions): StandingStream {
  const { reader, openStream, hasRoom, tell, now, timers } = options;
  const controller = new AbortController();
  const reopening = createReopening(pace);
  let token: string | null = null;
  let retryMs: number | null = null;
  let isBegun = false;
  let isOpen = false;
  let wasOpen = false;

  /** Returns whether another one should be opened. */
  async function hold(): Promise<boolean> {
    if (!hasRoom()) {
      tell({ type: 'push', available: false, reason: 'Too few sockets are left to hold its event stream.' });
      return true;
    }
    try {
      await read();
      return true;
    } catch (error) {
      if (controller.signal.aborted || !(error instanceof RemoteError)) return false;
      if (error.refusal.code === 'MESSAGE_TOO_LARGE') {
        tell({ type: 'failed', failure: remoteFailureOf(error, null) });
        return false;
      }
      return isTriedAgain(error);
    }
  }

  async function read(): Promise<void> {
    const answer = await openStream(token, controller);
    const openedAt = now();
    const isFirst = !wasOpen;
    let end = 'ended';
    isOpen = true;
    wasOpen = true;
    tell({ type: 'push', available: true, reason: null });
    try {
      await readMessages(answer, { ...reader, deliver: delivered }, watch);
    } catch (error) {
      if (controller.signal.aborted || isTooLarge(error)) throw error;
      end = 'broke';
    } finally {
      isOpen = false;
    }
    const hasStayed = now() - openedAt >= stayedMs;
    if (hasStayed) reopening.succeeded();
    // A server that ends its stream again and again is no reason to probe it each time.
    if (hasStayed || isFirst) tell({ type: 'doubted', reason: `The event stream ${end}.` });
  }

  const delivered: EventReader['deliver'] = (message) => {
    reopening.succeeded();
    reader.deliver(message);
  };
  const watch = {
    token(id: string) {
      token = id;
    },
    retry(delayMs: number) {
      retryMs = delayMs;
    },
  };

  /**
   * Only the answer to a POST decides about the session: servers without GET answer with any status their router has.
   */
  function isTriedAgain({ refusal }: RemoteError): boolean {
    const { status, session, message } = refusal;
    const reason = status === 405 ? 'The server offers no event stream.' : message;
    tell({ type: 'push', available: false, reason });
    if (status === 404 && session) tell({ type: 'doubted', reason: message });
    return status !== 405 && (wasOpen || mayPass(refusal));
  }

  async function run(): Promise<void> {
    try {
      while (await hold()) await delay(reopening.next(retryMs), timers, controller.signal);
    } catch {
      // Closed while it waited.
    }
  }

  return {
    get isOpen() {
      return isOpen;
    },
    open() {
      if (isBegun) return;
      isBegun = true;
      void run();
    },
    close() {
      controller.abort();
    },
  };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RemoteError && error.refusal.code === 'MESSAGE_TOO_LARGE';
}
