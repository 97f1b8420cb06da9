/** What a session says on its link by itself: the handshake, then the lists. Everything the server says comes in here. */

import type { JSONRPCRequest, Result } from '@modelcontextprotocol/sdk/types.js';
import type { TimerClock } from '../../clock.ts';
import type { Account } from '../budget.ts';
import type { Lists, Peer, SessionNews } from '../contract.ts';
import type { Link } from '../link.ts';
import type { BackRequests } from '../protocol/back-requests.ts';
import { Handshake, type Introduction, type ServerListener } from '../protocol/handshake.ts';
import { Listing } from '../protocol/listing.ts';
import type { NewsGate } from '../protocol/news-gate.ts';
import { Wire } from '../protocol/wire.ts';
import type { SessionRequest } from '../request.ts';

export interface ConversationParts {
  readonly link: Link;
  readonly request: SessionRequest;
  /** Our name and version for the server. */
  readonly clientInfo: { readonly name: string; readonly version: string };
  readonly backRequests: BackRequests;
  /** Takes what the server says unasked. */
  readonly gate: NewsGate;
  readonly account: Account;
  /** Takes what is told at any time, also before the session is ready. */
  readonly tell: (news: SessionNews) => void;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly timers: TimerClock;
}

export class Conversation implements ServerListener {
  readonly wire: Wire;
  readonly #parts: ConversationParts;
  readonly #handshake = new Handshake();
  #listing: Listing | null = null;

  constructor(parts: ConversationParts) {
    this.#parts = parts;
    this.wire = new Wire(parts.link, parts.now, (answer) => this.#handshake.introduce(answer));
    this.wire.onnoted = (text) => parts.tell({ type: 'noted', text });
  }

  /** Null: not listed yet. */
  get lists(): Lists | null {
    return this.#listing?.lists ?? null;
  }

  shakeHands(): Promise<Introduction> {
    const { clientInfo, request } = this.#parts;
    return this.#handshake.shake(this.wire, { clientInfo, capabilities: request.capabilities, listener: this });
  }

  asked(request: JSONRPCRequest, signal: AbortSignal): Promise<Result> {
    const { backRequests, gate } = this.#parts;
    const { id, method, params } = request;
    const news: SessionNews = { type: 'asked', id, method, params };
    return backRequests.ask(request, signal, () => {
      gate.pass(news);
      signal.addEventListener('abort', () => gate.withdraw(news), { once: true });
    });
  }

  notified(method: string, params: unknown): void {
    this.#parts.gate.pass({ type: 'notified', method, params });
  }

  /** Resolves when there are lists for the first time. They are kept up to date from then on. */
  async list(capabilities: Peer['capabilities']): Promise<void> {
    const { request, gate, account, tell, timers } = this.#parts;
    this.#listing = new Listing({
      wire: this.wire,
      capabilities,
      timeoutMs: request.specification.startTimeoutMs,
      timers,
      account,
      gate,
      tell,
    });
    await this.#listing.first();
  }

  /** Whether this notification says that a list has changed; the list is then read again. */
  isChanged(method: string): boolean {
    return this.#listing?.isChanged(method) === true;
  }

  stopListing(): void {
    this.#listing?.close();
  }
}
