/** A server behind a URL as a link: Streamable HTTP, legacy SSE, or whichever of them it speaks. */

import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { type Failure, failure, type Phase } from '../../../machines/failure.ts';
import type { Link, LinkEars } from '../link.ts';
import { createRemoteDialler, type RemoteDiallerOptions } from './dialler.ts';
import { RemoteError } from './error.ts';
import { remoteFailureOf, remoteVerdictOn } from './failure.ts';
import { answeredBy } from './message.ts';
import type { PeerEars } from './peer.ts';

export interface RemoteLinkOptions extends RemoteDiallerOptions {
  readonly stop: { readonly closeMs: number };
}

/** A transport that knows when a request will never be answered although the session goes on. */
export interface RequestLossTransport extends Transport {
  /** Whether the request was carried out is unknown. */
  onrequestlost?: ((id: RequestId, reason: string) => void) | undefined;
}

export interface RemoteLink extends Link {
  readonly transport: RequestLossTransport;
}

/**
 * Opens a link; nothing is sent before `transport.start()`. Whoever opens it ends it with `end`, unless it has told
 * `ended` by itself.
 */
export function openRemoteLink(options: RemoteLinkOptions, ears: LinkEars): RemoteLink {
  /** Null once `initialize` is answered: whether the session lists or is connected is not known here. */
  let phase: Phase | null = 'spawning';
  let initializeId: RequestId | null = null;
  let isEnding = false;
  let isOver = false;
  let cause: Failure | null = null;
  /** What was told last: a stream that comes and goes every second is no news each time. */
  let pushed = '';
  let closeTimer: NodeJS.Timeout | undefined;
  let tellOver = () => {};
  const over = new Promise<void>((resolve) => {
    tellOver = resolve;
  });

  const peerEars: PeerEars = {
    message(message, extra) {
      if (phase === 'initializing' && String(answeredBy(message)) === String(initializeId)) {
        phase = null;
        if (dialler.kind === 'sse') {
          peerEars.push(true, null);
        }
      }
      transport.onmessage?.(message, extra);
    },
    error(error) {
      if (!isOver) {
        transport.onerror?.(error);
      }
    },
    lost(id, reason) {
      if (phase === 'initializing') {
        finish(failure('disconnected', `initialize got no answer: ${reason}.`, { phase }));
        return;
      }
      transport.onrequestlost?.(id, reason);
      doubt(`A request got no answer: ${reason}.`);
    },
    disconnected: (reason) => finish(failure('disconnected', reason, { phase })),
    tooLarge: (error) => finish(remoteFailureOf(error, phase)),
    doubted: doubt,
    push(available, reason) {
      if (!isEnding && !isOver && pushed !== `${available} ${reason}`) {
        pushed = `${available} ${reason}`;
        ears.push(available, reason);
      }
    },
  };
  const dialler = createRemoteDialler(options, peerEars);

  function doubt(reason: string): void {
    if (!isEnding && !isOver) {
      ears.doubted(reason);
    }
  }

  /** The first cause counts; what was asked for has none. */
  function finish(failed: Failure | null): void {
    if (isOver) {
      return;
    }
    isOver = true;
    cause = isEnding ? null : failed;
    clearTimeout(closeTimer);
    void dialler.close().then(() => {
      ears.ended(cause);
      tellOver();
      transport.onclose?.();
    });
  }

  function leave(): void {
    closeTimer = setTimeout(finish, options.stop.closeMs, null);
    // A server that is gone, or knows no DELETE, has nothing to forget: the link ends all the same.
    void dialler.leave().then(
      () => finish(null),
      () => finish(null),
    );
  }

  /** What a message that could not be sent says about the session; the call fails in any case. */
  function judge(error: unknown): void {
    if (isOver || isAbort(error)) {
      return;
    }
    const failed = phase === null ? remoteFailureOf(error, phase) : dialler.failureOf(error, phase);
    // Where nobody listens any more, whoever held the session is gone with it: there is nothing to wait for.
    const isGone = failed.code === 'ECONNREFUSED';
    if (phase !== null || isGone || failed.class === 'sessionLost' || failed.class === 'unauthorized') {
      finish(failed);
    } else if (failed.code !== 429) {
      doubt(failed.message);
    }
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

  const transport: RequestLossTransport = {
    async start() {
      try {
        await dialler.start();
      } catch (error) {
        judge(error);
        throw error;
      }
      if (!isEnding) {
        ears.spawned(null, Promise.resolve());
      }
    },
    async send(message, sendOptions) {
      try {
        await deliver(message, sendOptions);
      } catch (error) {
        judge(error);
        // Cut off by the end of the link: that is told first, for it says why.
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
    get sessionId() {
      return dialler.peer?.transport.sessionId;
    },
    setProtocolVersion(version) {
      dialler.peer?.transport.setProtocolVersion?.(version);
    },
  };

  const link: RemoteLink = {
    transport,
    get kind() {
      return dialler.kind;
    },
    congested: false,
    end(kind) {
      if (isOver || (isEnding && kind === 'close')) {
        return;
      }
      isEnding = true;
      if (kind === 'close') {
        leave();
      } else {
        finish(null);
      }
    },
    markCpu() {},
    usedCpu: () => false,
    failureOf: (error, at) => (cause === null ? remoteFailureOf(error, at) : { ...cause, phase: at }),
    verdictOn: (error) => (error instanceof RemoteError ? remoteVerdictOn(error) : null),
  };
  return link;
}

/** Given up by us: says nothing about the server. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
