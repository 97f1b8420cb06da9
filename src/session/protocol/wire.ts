/**
 * Between a link's transport and the SDK's Client. Our own requests go below the Client, with ids of their own, and
 * their answers are settled here, synchronously and unparsed: the Client's schema checks would reject what sloppy
 * servers send, strip unknown fields, and cost half the time of a call.
 */

import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, MessageExtraInfo } from '@modelcontextprotocol/sdk/types.js';
import type { Overheard } from '../../errors.ts';
import { isRecord } from '../../text/json.ts';
import { type Link, MalformedLine } from '../link.ts';
import { Overhearing } from './overhearing.ts';

/** The Client counts from 0 and never gets this far. */
const firstId = 1_000_000_000;

const firstReported = 20;
const reportEvery = 1_000;
/**
 * Longest id in a text, in characters: an id may be as long as a message. More than is shown, so that a secret in it is
 * recognised as a whole before it is cut.
 */
const longestId = 16 * 1024;

/** A message as it came, with nothing else assumed. */
export interface Inbound {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A request that goes below the Client. */
export interface OwnRequest {
  readonly jsonrpc: '2.0';
  readonly id: number;
  readonly method: string;
  readonly params: Record<string, unknown> | undefined;
}

/** Waits for an answer. `answered` or `lost` is called at most once; nothing is called after `forget`. */
export interface Waiter {
  answered(answer: Inbound): void;
  /** The request could not be sent, or the stream that would have carried the answer broke. */
  lost(error: unknown): void;
  progressed(params: Readonly<Record<string, unknown>>): void;
}

export class Wire implements Transport {
  onmessage?: (<T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void) | undefined;
  onclose?: (() => void) | undefined;
  /**
   * Describes inbound messages that were skipped. Ignored answers are reported the first 20 times, then every 1 000th.
   */
  onnoted?: ((text: string) => void) | undefined;
  /** When the last message came in, by the clock `now`. */
  lastInboundAt: number;
  /** Answers nobody waits for: late ones, second ones, ones to ids never given out. */
  ignoredAnswers = 0;
  /** `start()` failed: the link reports why. */
  startFailed = false;
  /** The transport is there: from now on the server can be heard. */
  hasStarted = false;
  readonly overhearing: Overhearing;
  readonly #link: Link;
  readonly #now: () => number;
  readonly #introduce: (answer: Inbound) => Inbound;
  readonly #waiters = new Map<number, Waiter>();
  #nextId = firstId;
  #initializeId: string | number | null = null;
  #hasReceived = false;
  #closed = false;

  /** `introduce` turns the answer to `initialize` into the one that the Client gets. */
  constructor(link: Link, now: () => number, introduce: (answer: Inbound) => Inbound) {
    this.#link = link;
    this.#now = now;
    this.#introduce = introduce;
    this.lastInboundAt = now();
    this.overhearing = new Overhearing(now);
  }

  get congested(): boolean {
    return this.#link.congested;
  }

  /**
   * Called by the Client. The transport's own `onclose` is not passed on: the link reports the end, and knows more than
   * a closed pipe does.
   */
  async start(): Promise<void> {
    const { transport } = this.#link;
    transport.onmessage = (message, extra) => this.#receive(message, extra);
    transport.onerror = (error) => this.#troubled(error);
    transport.onrequestlost = (id, why) => this.#lose(id, why);
    try {
      await transport.start();
      this.hasStarted = true;
    } catch (error) {
      this.startFailed = true;
      throw error;
    }
  }

  /** Called by the Client. */
  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if ('method' in message && message.method === 'initialize' && 'id' in message) this.#initializeId = message.id;
    return this.#link.transport.send(message, options);
  }

  /**
   * Called by the Client when it gives up, and by the session at its end. Releases the Client; the session ends the
   * link.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiters.clear();
    this.onclose?.();
  }

  setProtocolVersion(version: string): void {
    this.#link.transport.setProtocolVersion?.(version);
  }

  takeId(): number {
    return this.#nextId++;
  }

  /** Sends a request with an id from `takeId`. The waiter may be called before this returns. */
  ask(request: OwnRequest, waiter: Waiter): void {
    const { id } = request;
    this.#waiters.set(id, waiter);
    this.#post(request, (error) => {
      if (this.#waiters.delete(id)) waiter.lost(error);
    });
  }

  /** If it is not answered, what the link holds for it is ended. */
  forget(id: number): void {
    if (this.#waiters.delete(id)) this.#link.transport.giveUp?.(id);
  }

  /** Sends a notification; one that cannot be sent is dropped. */
  notify(method: string, params: Readonly<Record<string, unknown>> | undefined): void {
    this.#post({ jsonrpc: '2.0', method, params }, () => {
      // Nobody waits for a notification, and a broken link reports itself.
    });
  }

  #post(message: JSONRPCMessage, failed: (error: unknown) => void): void {
    try {
      this.#link.transport.send(message).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #receive(message: JSONRPCMessage, extra: MessageExtraInfo | undefined): void {
    if (this.#closed) return;
    this.lastInboundAt = this.#now();
    this.#hasReceived = true;
    const inbound: Inbound = message;
    if (inbound.method === undefined) {
      const { id } = inbound;
      if (this.#isInitialize(id)) this.#introduced(inbound);
      else this.#answer(id, inbound);
      return;
    }
    this.overhearing.note('messages', typeof inbound.method === 'string' ? inbound.method : null);
    if (inbound.method === 'notifications/progress') this.#progress(inbound.params);
    else this.onmessage?.(message, extra);
  }

  /** All answers but the one to `initialize` are to our own requests: the Client sends no others. */
  #answer(id: unknown, answer: Inbound): void {
    const ours = typeof id === 'string' ? Number(id) : id;
    const waiter = typeof ours === 'number' ? this.#waiters.get(ours) : undefined;
    if (waiter === undefined) {
      this.ignoredAnswers += 1;
      this.overhearing.note('unknown', JSON.stringify(id)?.slice(0, longestId) ?? null);
      this.#noteIgnored(id);
      return;
    }
    this.#waiters.delete(ours as number);
    waiter.answered(answer);
  }

  /** What came since then, by the clock `now`, that was no answer to what was asked. */
  overheardSince(at: number): readonly Overheard[] {
    const heard = this.overhearing.since(at, this.#link.unfinished?.() ?? null);
    if (heard.length > 0 || this.lastInboundAt < at || !this.#hasReceived) return heard;
    const when = at === Number.NEGATIVE_INFINITY ? 'earlier' : 'other';
    return [{ what: `answers to ${when} questions`, last: null }];
  }

  #troubled(error: Error): void {
    if (error instanceof MalformedLine) this.overhearing.noteLine(error.line);
    else this.overhearing.note('transport', error.message);
    this.#note(error.message);
  }

  #noteIgnored(id: unknown): void {
    const count = this.ignoredAnswers;
    if (count > firstReported && count % reportEvery !== 0) return;
    const soFar = count > firstReported ? ` (${count} such answers so far)` : '';
    this.#note(
      `An answer came that nobody waits for: a late one, a second one, or one to a question we never asked${soFar}: id ${JSON.stringify(id)?.slice(0, longestId)}`,
    );
  }

  #note(text: string): void {
    if (!this.#closed) this.onnoted?.(text);
  }

  #progress(params: unknown): void {
    if (!isRecord(params)) return;
    const { progressToken, ...progress } = params;
    if (typeof progressToken !== 'number' && typeof progressToken !== 'string') return;
    const waiter = this.#waiters.get(Number(progressToken));
    waiter?.progressed(progress);
  }

  #lose(id: string | number, why: Error): void {
    if (this.#closed) return;
    if (this.#isInitialize(id)) {
      this.#introduced({ id, error: { code: -32000, message: why.message } });
      return;
    }
    const waiter = this.#waiters.get(Number(id));
    if (waiter === undefined) return;
    this.#waiters.delete(Number(id));
    waiter.lost(why);
  }

  /** Some servers answer with the id as a string; an error about an unreadable message has the id null. */
  #isInitialize(id: unknown): boolean {
    return this.#initializeId !== null && String(id) === String(this.#initializeId);
  }

  #introduced(answer: Inbound): void {
    const id = this.#initializeId;
    this.#initializeId = null;
    // The Client checks what it is given, so no shape is promised.
    this.onmessage?.({ jsonrpc: '2.0', ...this.#introduce(answer), id } as JSONRPCMessage);
  }
}
