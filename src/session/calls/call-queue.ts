/**
 * The calls of one session: a limited number in flight, a limited number waiting, each with a deadline. One timer
 * serves them all.
 */

import { longestDelayMs } from '../../../machines/delay.ts';
import type { TimerClock } from '../../clock.ts';
import { McpvisorError } from '../../errors.ts';
import type { RequestOptions } from '../contract.ts';
import type { Wire } from '../protocol/wire.ts';
import type { CallLimits } from '../request.ts';
import { Call, type CallOwner, type CallTimes } from './call.ts';
import { WaitingWatch } from './waiting-watch.ts';

export interface CallQueueOptions {
  readonly server: string;
  readonly limits: CallLimits;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly timers: TimerClock;
  readonly onWaiting: (count: number) => void;
}

interface Refusal {
  readonly state: string;
  readonly reason: string | null;
}

export class CallQueue implements CallOwner {
  readonly #server: string;
  #limits: CallLimits;
  readonly #now: () => number;
  readonly #timers: TimerClock;
  readonly #waiting = new Set<Call>();
  readonly #inFlight = new Set<Call>();
  readonly #watch: WaitingWatch;
  #wire: Wire | null = null;
  #refusal: Refusal | null = { state: 'starting', reason: null };
  #lastUsedAt: number;
  #timer: unknown = null;
  #lastLook: NodeJS.Immediate | null = null;
  #wakesAt = 0;
  #pumping = false;

  constructor({ server, limits, now, timers, onWaiting }: CallQueueOptions) {
    this.#server = server;
    this.#limits = limits;
    this.#now = now;
    this.#timers = timers;
    this.#lastUsedAt = now();
    this.#watch = new WaitingWatch(() => this.#waiting.size, onWaiting, timers);
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** What is left to the last deadline of those in flight; progress moves it. 0: none is in flight. */
  get timeLeftMs(): number {
    const now = this.#now();
    let leftMs = 0;
    for (const { deadlineAt } of this.#inFlight) leftMs = Math.max(leftMs, deadlineAt - now);
    return leftMs;
  }

  /** Time since the last call was made or settled; 0 while there is one. */
  get unusedForMs(): number {
    return this.#inFlight.size + this.#waiting.size > 0 ? 0 : this.#now() - this.#lastUsedAt;
  }

  /** Accepts calls from now on. */
  open(wire: Wire): void {
    this.#wire = wire;
    this.#refusal = null;
    this.#lastUsedAt = this.#now();
  }

  /** Sends waiting calls if there is more room now. Calls already made keep their deadlines. */
  limit(limits: CallLimits): void {
    this.#limits = limits;
    this.pump();
  }

  /** Waiting calls fail and new ones are refused; those in flight may still be answered. */
  close(reason: string | null): void {
    this.#refusal = { state: 'stopping', reason };
    for (const call of this.#waiting) call.fail(this.#notConnected(this.#refusal));
  }

  /** Calls in flight fail: nobody can say whether they were done. */
  abandon(reason: string): void {
    for (const call of this.#inFlight) {
      const details = { server: this.#server, method: call.method, reason, sessionEnded: true };
      call.fail(new McpvisorError('OUTCOME_UNKNOWN', details));
    }
  }

  request(
    method: string,
    params: Readonly<Record<string, unknown>> | undefined,
    options: RequestOptions | undefined,
  ): Promise<unknown> {
    const server = this.#server;
    if (options?.signal?.aborted === true)
      return Promise.reject(new McpvisorError('CALL_CANCELLED', { server, method }));
    if (this.#refusal !== null) return Promise.reject(this.#notConnected(this.#refusal));
    const free = this.#waiting.size === 0 && this.#mayGo();
    if (!free && this.#waiting.size >= this.#limits.maxQueuedCalls) {
      return Promise.reject(new McpvisorError('SERVER_BUSY', { server, queued: this.#waiting.size }));
    }
    return new Promise((resolve, reject) => {
      const call = new Call(
        this,
        { server, method, params, options, times: this.#timesOf(options) },
        { resolve, reject },
      );
      this.#wakeAt(call.deadlineAt);
      if (free) this.#send(call);
      else {
        this.#waiting.add(call);
        this.#watch.changed();
      }
    });
  }

  /** Sends no more news of waiting calls. */
  end(): void {
    this.#watch.close();
  }

  /** Sends as many waiting calls as there is room for; also called when the link accepts messages again. */
  pump(): void {
    // A transport within this process may answer before `send` returns, which pumps again: make that a loop, not a
    // recursion.
    if (this.#pumping) return;
    this.#pumping = true;
    for (const next of this.#waiting) {
      if (!this.#mayGo()) break;
      this.#waiting.delete(next);
      this.#watch.changed();
      this.#send(next);
    }
    this.#pumping = false;
  }

  take(call: Call): boolean {
    const inFlight = this.#inFlight.delete(call);
    if (!inFlight) {
      if (!this.#waiting.delete(call)) return false;
      this.#watch.changed();
    }
    if (call.id !== null) this.#wire?.forget(call.id);
    this.#lastUsedAt = this.#now();
    if (inFlight && this.#waiting.size > 0) this.pump();
    if (this.#inFlight.size === 0 && this.#waiting.size === 0) this.#sleep();
    return true;
  }

  progressed(call: Call): void {
    // The timer is not moved: when it fires it finds the new deadline.
    call.deadlineAt = Math.min(this.#now() + call.times.timeoutMs, call.times.lastDeadlineAt);
  }

  cancelled(call: Call): void {
    this.#giveUp(call, new McpvisorError('CALL_CANCELLED', { server: this.#server, method: call.method }));
  }

  #mayGo(): boolean {
    return this.#wire !== null && this.#inFlight.size < this.#limits.maxConcurrentCalls && !this.#wire.congested;
  }

  #send(call: Call): void {
    const wire = this.#wire;
    if (wire === null) return;
    const id = wire.takeId();
    call.id = id;
    this.#inFlight.add(call);
    this.#lastUsedAt = this.#now();
    wire.ask({ jsonrpc: '2.0', id, method: call.method, params: call.paramsUnder(id) }, call);
  }

  #timesOf(options: RequestOptions | undefined): CallTimes {
    const { callTimeoutMs, callMaxMs } = this.#limits;
    const asked = options?.timeoutMs;
    // Not a number, or negative: use the default.
    const timeoutMs = Math.min(typeof asked === 'number' && asked >= 0 ? asked : callTimeoutMs, callMaxMs);
    const at = this.#now();
    return { timeoutMs, madeAt: at, deadlineAt: at + timeoutMs, lastDeadlineAt: at + callMaxMs };
  }

  #giveUp(call: Call, error: McpvisorError): void {
    const { id } = call;
    const pending = this.#inFlight.has(call);
    call.fail(error);
    if (pending) this.#wire?.notify('notifications/cancelled', { requestId: id, reason: error.code });
  }

  #notConnected({ state, reason }: Refusal): McpvisorError {
    return new McpvisorError('SERVER_NOT_CONNECTED', { server: this.#server, state, nextRetryAt: null, reason });
  }

  #wakeAt(at: number): void {
    if (this.#timer !== null) {
      if (this.#wakesAt <= at) return;
      this.#timers.clearTimeout(this.#timer);
    }
    this.#wakesAt = at;
    const delayMs = Math.min(Math.max(Math.ceil(at - this.#now()), 1), longestDelayMs);
    this.#timer = this.#timers.setTimeout(() => CallQueue.#wake(this), delayMs);
  }

  #sleep(): void {
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    if (this.#lastLook !== null) clearImmediate(this.#lastLook);
    this.#timer = null;
    this.#lastLook = null;
  }

  /**
   * Timers run before input is read: if our own loop was blocked, the answer may have arrived already, so read input
   * once before a call times out.
   */
  static #wake(queue: CallQueue): void {
    queue.#timer = null;
    queue.#lastLook = setImmediate(CallQueue.#expire, queue);
  }

  static #expire(queue: CallQueue): void {
    queue.#lastLook = null;
    const at = queue.#now();
    let next = Number.POSITIVE_INFINITY;
    // Waiting calls first: a free place must not go to a call whose time is over.
    for (const calls of [queue.#waiting, queue.#inFlight]) {
      for (const call of calls) {
        if (call.deadlineAt > at) next = Math.min(next, call.deadlineAt);
        else queue.#timeOut(call);
      }
    }
    if (next < Number.POSITIVE_INFINITY) queue.#wakeAt(next);
  }

  #timeOut(call: Call): void {
    const { timeoutMs, lastDeadlineAt, madeAt } = call.times;
    const limitMs = call.deadlineAt === lastDeadlineAt ? this.#limits.callMaxMs : timeoutMs;
    const details = { server: this.#server, method: call.method, timeoutMs: limitMs };
    const heard = call.id === null ? {} : { heard: this.#wire?.overheardSince(madeAt) ?? [] };
    this.#giveUp(call, new McpvisorError('CALL_TIMED_OUT', { ...details, ...heard }));
  }
}
