/** A link over the embedding host's transport: there is no process of ours, so nothing outlives `stop.closeMs`. */

import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type JSONRPCMessage, McpError, type MessageExtraInfo } from '@modelcontextprotocol/sdk/types.js';
import { type Failure, failure, type Phase } from '../../../machines/failure.ts';
import type { StopPolicy } from '../../../machines/policy/policy.ts';
import { systemClock, type TimerClock } from '../../clock.ts';
import { codeOf } from '../../system-error.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { EndKind } from '../contract.ts';
import { Ending } from '../ending.ts';
import { type Link, type TellLinkNews, UnreachedError } from '../link.ts';

export interface HostedLinkOptions {
  /** The host's name for its transport. */
  readonly kind: string;
  /** Creates the transport, not yet started. `signal` aborts when the link ends first. */
  readonly create: (signal: AbortSignal) => Transport | Promise<Transport>;
  readonly stop: Pick<StopPolicy, 'closeMs'>;
  /** Default: those of Node. */
  readonly timers?: TimerClock | undefined;
}

export function openHostedLink(options: HostedLinkOptions, tell: TellLinkNews): Link {
  return new HostedLink(options, tell);
}

/** Link and transport in one object: a session of this kind should be cheap. */
class HostedLink implements Link, Transport {
  onmessage?: (<T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void) | undefined;
  readonly kind: string;
  readonly congested = false;
  readonly #options: HostedLinkOptions;
  readonly #ending: Ending;
  /** Set only while the transport is being created. */
  #creation: AbortController | null = null;
  #inner: Transport | null = null;
  #isHurried = false;
  #ended = false;
  readonly #timers: TimerClock;
  #timer: unknown = null;

  constructor(options: HostedLinkOptions, tell: TellLinkNews) {
    this.kind = options.kind;
    this.#options = options;
    this.#timers = options.timers ?? systemClock;
    this.#ending = new Ending(tell);
  }

  get transport(): Transport {
    return this;
  }

  async start(): Promise<void> {
    try {
      this.#creation = new AbortController();
      const inner = await this.#options.create(this.#creation.signal);
      this.#creation = null;
      this.#inner = inner;
      if (this.#ending.isAsked) throw new Error('The link was ended before its transport was there.');
      inner.onmessage = this.onmessage;
      inner.onclose = () => this.#closed();
      await inner.start();
    } catch (error) {
      void this.#closeInner();
      this.#end(this.failureOf(error, 'spawning'));
      throw error;
    }
    this.#ending.tell({ type: 'spawned', pid: null, startTime: null });
  }

  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    return this.#inner === null
      ? Promise.reject(new UnreachedError('The transport is not there.'))
      : this.#inner.send(message, options);
  }

  setProtocolVersion(version: string): void {
    this.#inner?.setProtocolVersion?.(version);
  }

  /** Part of a transport's interface; the session uses `end`. */
  async close(): Promise<void> {
    this.end('close');
  }

  end(kind: EndKind): void {
    if (this.#ended || this.#isHurried) return;
    this.#isHurried = kind !== 'close';
    if (!this.#ending.isAsked) {
      this.#ending.ask();
      this.#creation?.abort();
      this.#timer = this.#timers.setTimeout(() => this.#end(null), this.#options.stop.closeMs);
      // While the transport is still being created, `start` ends the link.
      if (this.#inner !== null) void this.#closeInner().then(() => this.#end(null));
    }
    // Not within the call: the caller of `end` expects no news before it returns.
    if (this.#isHurried) queueMicrotask(() => this.#end(null));
  }

  markCpu(): void {
    // There is no process.
  }

  usedCpu(): boolean {
    return false;
  }

  /** A failed opening may succeed later (`disconnected`), unless the code says that somebody has to sign in. */
  failureOf(error: unknown, phase: Phase): Failure {
    const message = wordsOf(error);
    const code = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : null);
    if (code === 401 || code === 403) return failure('unauthorized', message, { phase, code });
    return failure(
      error instanceof McpError && phase === 'initializing' ? 'handshakeFailed' : 'disconnected',
      message,
      { phase, code },
    );
  }

  verdictOn(): null {
    return null;
  }

  async #closeInner(): Promise<void> {
    try {
      await this.#inner?.close();
    } catch {
      // The link ends even if the host's transport cannot close properly.
    }
  }

  #closed(): void {
    this.#end(failure('disconnected', 'The transport was closed by the other side.'));
  }

  #end(failed: Failure | null): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    this.#creation?.abort();
    if (this.#inner !== null) this.#inner.onmessage = undefined;
    this.#ending.tell({ type: 'ended', failure: failed });
  }
}
