/** The link to a server at a URL: Streamable HTTP or legacy SSE, whichever it supports. */

import type { TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { type Failure, type FailureClass, failure, type Phase } from '../../../machines/failure.ts';
import { systemClock } from '../../clock.ts';
import { Ending } from '../ending.ts';
import { isDropped, type Link, type LinkNews, type LossyTransport, type TellLinkNews } from '../link.ts';
import { createAccessCheck } from './access-check.ts';
import { createRemoteDialler, type RemoteDiallerOptions } from './dialler.ts';
import { remoteFailureOf, remoteVerdictOn } from './failure.ts';
import { RemoteError } from './http/error.ts';
import { answeredBy, methodOf } from './message.ts';
import type { PeerListener } from './peer.ts';

export interface RemoteLinkOptions extends RemoteDiallerOptions {
  readonly stop: { readonly closeMs: number };
}

/**
 * Opens a link; nothing is sent before `transport.start()`. The caller ends it with `end`, unless `ended` has come by
 * itself.
 */
export function openRemoteLink(options: RemoteLinkOptions, tell: TellLinkNews): Link {
  /** Null once `initialize` is answered: a link does not know whether the session is listing or connected. */
  let phase: Phase | null = 'spawning';
  let initializeId: RequestId | null = null;
  const ending = new Ending(tell);
  /** Only `ended` is sent any more, once everything is closed. */
  let isOver = false;
  /** The session has answered a request. */
  let hasWorked = false;
  /** The last `push` news: a stream that comes and goes every second is not news each time. */
  let pushed = '';
  const { timers = systemClock } = options;
  let closeTimer: unknown = null;
  let resolveOver = () => {};
  const over = new Promise<void>((resolve) => {
    resolveOver = resolve;
  });

  const listener: PeerListener = {
    message(message) {
      if (phase === 'initializing' && String(answeredBy(message)) === String(initializeId)) {
        phase = null;
        if (dialler.kind === 'sse') {
          onNews({ type: 'push', available: true, reason: null });
        }
      } else if (phase === null && answeredBy(message) !== null) hasWorked = true;
      if (!access.takes(answeredBy(message))) transport.onmessage?.(message);
    },
    error(error) {
      if (!isOver) {
        transport.onerror?.(error);
      }
    },
    lost(id, why) {
      if (access.takes(id)) return;
      if (phase === 'initializing') {
        finish(
          isDropped(why)
            ? remoteFailureOf(why, phase)
            : failure('disconnected', `initialize got no answer: ${why.message}.`),
        );
        return;
      }
      transport.onrequestlost?.(id, why);
      if (!isDropped(why)) doubt(`A request got no answer: ${why.message}.`);
    },
    tell: onNews,
  };
  const dialler = createRemoteDialler(options, listener);
  const access = createAccessCheck({
    send: (message) => dialler.send(message, undefined),
    giveUp: (id) => dialler.peer?.giveUp(id),
    onRefused: (error) => finish(refusedFailureOf(error)),
    timers,
  });

  /**
   * Some servers say that they do not know a session any more with the status for refused access: the next handshake
   * shows which of the two it is.
   */
  function refusedFailureOf(error: RemoteError): Failure {
    const failed = remoteFailureOf(error, null);
    return hasWorked && error.refusal.session ? { ...failed, class: 'sessionLost' } : failed;
  }

  /** A failed transport is closed at once: there is no process to wait for. */
  function onNews(news: LinkNews): void {
    if (news.type === 'failed' || news.type === 'ended') {
      finish(news.failure);
    } else if (!ending.isAsked && !isOver && isNew(news)) {
      ending.tell(news);
    }
  }

  function isNew(news: LinkNews): boolean {
    if (news.type !== 'push') {
      return true;
    }
    const before = pushed;
    pushed = `${news.available} ${news.reason}`;
    return pushed !== before;
  }

  function doubt(reason: string): void {
    onNews({ type: 'doubted', reason });
  }

  function finish(failed: Failure | null): void {
    if (isOver) {
      return;
    }
    isOver = true;
    if (failed !== null) {
      ending.learn({ ...failed, phase: failed.phase ?? phase });
    }
    if (closeTimer !== null) timers.clearTimeout(closeTimer);
    access.close();
    void dialler.close().then(() => {
      ending.tell({ type: 'ended', failure: null });
      resolveOver();
      transport.onclose?.();
    });
  }

  function leave(): void {
    closeTimer = timers.setTimeout(() => finish(null), options.stop.closeMs);
    // A server that is gone, or does not support DELETE, has nothing to forget: the link ends anyway.
    void dialler.leave().then(
      () => finish(null),
      () => finish(null),
    );
  }

  /** Decides what a message that could not be sent means for the session; the call fails in any case. */
  function judge(error: unknown, method: string | null): void {
    if (isOver || isAbort(error)) {
      return;
    }
    // It answers, and one answer that there is no room for is no reason to end the session.
    if (phase === null && isDropped(error)) {
      return;
    }
    const failed = phase === null ? remoteFailureOf(error, phase) : dialler.failureOf(error, phase);
    // If nothing listens there any more, the process that held the session is gone: do not wait.
    const isGone = failed.code === 'ECONNREFUSED';
    // What we lack says nothing about the server.
    if (phase === null && failed.class === 'shortage') {
      return;
    }
    if (phase !== null || isGone || fatalClasses.has(failed.class)) {
      finish(failed);
    } else if (failed.class === 'unauthorized') {
      access.doubt(method);
    } else if (failed.code !== 429) {
      doubt(failed.message);
    }
  }

  /**
   * Nobody waits for the answer to a notification, and some servers know none: a refusal ends nothing that the next
   * request would not end.
   */
  function isNoted(error: unknown, message: JSONRPCMessage): boolean {
    if (isOver || 'id' in message || !(error instanceof RemoteError)) return false;
    const { status } = error.refusal;
    if (status === null || status === 401 || status === 403) return false;
    transport.onerror?.(error);
    return true;
  }

  async function deliver(message: JSONRPCMessage, sendOptions: TransportSendOptions | undefined): Promise<void> {
    if ('method' in message && message.method === 'initialize' && 'id' in message) {
      phase = 'initializing';
      initializeId = message.id;
      await dialler.sendFirst(message, sendOptions);
    } else {
      await dialler.send(message, sendOptions);
    }
  }

  const transport: LossyTransport = {
    async start() {
      try {
        await dialler.start();
      } catch (error) {
        judge(error, null);
        throw error;
      }
      onNews({ type: 'spawned', pid: null, startTime: null });
    },
    async send(message, sendOptions) {
      try {
        await deliver(message, sendOptions);
      } catch (error) {
        judge(error, methodOf(message));
        if (isNoted(error, message)) return;
        // Aborted by the end of the link: that is reported first, because it says why.
        if (isOver && isAbort(error)) {
          await over;
        }
        throw error;
      }
    },
    async close() {
      link.end('terminate');
      await over;
    },
    giveUp(id) {
      dialler.peer?.giveUp(id);
    },
    get sessionId() {
      return dialler.peer?.sessionId;
    },
    setProtocolVersion(version) {
      dialler.peer?.setProtocolVersion(version);
    },
  };

  const link: Link = {
    transport,
    get kind() {
      return dialler.kind;
    },
    congested: false,
    end(kind) {
      if (isOver || (ending.isAsked && kind === 'close')) {
        return;
      }
      ending.ask();
      if (kind === 'close') {
        leave();
      } else {
        finish(null);
      }
    },
    markCpu() {},
    usedCpu: () => false,
    failureOf: (error, at) => (ending.cause === null ? remoteFailureOf(error, at) : { ...ending.cause, phase: at }),
    verdictOn: (error) => (error instanceof RemoteError ? remoteVerdictOn(error) : null),
  };
  return link;
}

/** What ends a session wherever it is noticed. */
const fatalClasses: ReadonlySet<FailureClass> = new Set(['sessionLost', 'messageTooLarge']);

/** Aborted by us: says nothing about the server. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
