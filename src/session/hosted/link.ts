/** A link over a transport that an embedding host brings: no process of ours, so nothing outlives `stop.closeMs`. */

import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type JSONRPCMessage, McpError, type MessageExtraInfo } from '@modelcontextprotocol/sdk/types.js';
import { type Failure, failure, type Phase } from '../../../machines/failure.ts';
import type { StopPolicy } from '../../../machines/policy.ts';
import { codeOf } from '../../system-error.ts';
import type { EndKind } from '../contract.ts';
import { Ending } from '../ending.ts';
import { type Link, type TellLinkNews, UnreachedError } from '../link.ts';

export interface HostedLinkOptions {
  /** The host's own word for its transport. */
  readonly kind: string;
  /** Makes the transport, not yet started. `signal` is aborted when the link ends first. */
  readonly create: (signal: AbortSignal) => Transport | Promise<Transport>;
  readonly stop: Pick<StopPolicy, 'closeMs'>;
}

export function openHostedLink(options: HostedLinkOptions, tell: TellLinkNews): Link {
  return new HostedLink(options, tell);
}

/** Link and transport in one: a session of this kind is to be cheap. */
class HostedLink implements Link, Transport {
  onmessage?: (<T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void) | undefined;
  readonly kind: string;
  readonly congested = false;
  readonly #options: HostedLinkOptions;
  readonly #ending: Ending;
  /** There only while the transport is being made. */
  #creation: AbortController | null = null;
  #inner: Transport | null = null;
  #isHurried = false;
  #ended = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: HostedLinkOptions, tell: TellLinkNews) {
    this.kind = options.kind;
    this.#options = options;
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

  /** The session's business is `end`; this is here because a transport has it. */
  async close(): Promise<void> {
    this.end('close');
  }

  end(kind: EndKind): void {
    if (this.#ended || this.#isHurried) return;
    this.#isHurried = kind !== 'close';
    if (!this.#ending.isAsked) {
      this.#ending.ask();
      this.#creation?.abort();
      this.#timer = setTimeout(() => this.#end(null), this.#options.stop.closeMs);
      // While the transport is still being made, `start` ends the link.
      if (this.#inner !== null) void this.#closeInner().then(() => this.#end(null));
    }
    // Not within the call: whoever ends a link does not expect to hear of it before it returns.
    if (this.#isHurried) queueMicrotask(() => this.#end(null));
  }

  markCpu(): void {
    // There is no process whose CPU could be counted.
  }

  usedCpu(): boolean {
    return false;
  }

  /** Opening fails for reasons that may pass (`disconnected`), unless the code says that somebody has to sign in. */
  failureOf(error: unknown, phase: Phase): Failure {
    const message = error instanceof Error ? error.message : String(error);
    const code = codeOf(error);
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
      // The link ends whether or not the host's transport closes in good order.
    }
  }

  #closed(): void {
    this.#end(failure('disconnected', 'The transport was closed by the other side.'));
  }

  #end(failed: Failure | null): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#creation?.abort();
    if (this.#inner !== null) this.#inner.onmessage = undefined;
    this.#ending.tell({ type: 'ended', failure: failed });
  }
}
