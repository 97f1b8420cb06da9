/**
 * A session held in this process: brings together what it is made of, and takes the news of its link. How it becomes
 * ready and how it ends are in files of their own.
 */

import { type Failure, failure, type Phase } from '../../../machines/failure.ts';
import { systemClock, type TimerClock } from '../../clock.ts';
import type { Overheard } from '../../errors.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { Account, Budget } from '../budget.ts';
import { CallQueue } from '../calls/call-queue.ts';
import type { Answer, EndKind, Lists, ProbeKind, RequestOptions, Session, SessionNews } from '../contract.ts';
import type { Link, LinkNews } from '../link.ts';
import type { OpenLink } from '../links.ts';
import { BackRequests } from '../protocol/back-requests.ts';
import type { LoopLag } from '../protocol/loop-lag.ts';
import { NewsGate } from '../protocol/news-gate.ts';
import type { Wire } from '../protocol/wire.ts';
import type { CallLimits, SessionRequest } from '../request.ts';
import { Conversation } from './conversation.ts';
import { Questions } from './questions.ts';
import { SessionEnd } from './session-end.ts';
import { SessionStart } from './session-start.ts';

export interface LiveSessionParts {
  /** Opens the link. May send `ended` at once; if it throws, that is a bug (`internal`). */
  readonly openLink: OpenLink;
  /** Our name and version for the server. */
  readonly clientInfo: { readonly name: string; readonly version: string };
  /** Calls `open` in a later turn of the event loop. Default `setImmediate`. */
  readonly defer?: (open: () => void) => void;
  /** One for all sessions. */
  readonly loopLag: LoopLag;
  /** For what sessions keep; one for all of them. */
  readonly kept: Budget;
  /** For messages that have begun and not ended; one for all sessions. */
  readonly unfinished: Budget;
  /** A monotonic clock in milliseconds. Default: the machine's. */
  readonly now?: () => number;
  /** Default: Node's. */
  readonly timers?: TimerClock;
}

/** The link is opened after the constructor has returned, so that no news comes before the caller has the session. */
export class LiveSession implements Session {
  readonly #parts: LiveSessionParts;
  readonly #asked: SessionRequest;
  readonly #tell: (news: SessionNews) => void;
  readonly #now: () => number;
  readonly #timers: TimerClock;
  readonly #calls: CallQueue;
  readonly #questions: Questions;
  readonly #backRequests: BackRequests;
  readonly #gate: NewsGate;
  readonly #account: Account;
  readonly #unfinished: Account;
  readonly #start: SessionStart;
  readonly #end: SessionEnd;
  #link: Link | null = null;
  #conversation: Conversation | null = null;

  constructor(parts: LiveSessionParts, request: SessionRequest, tell: (news: SessionNews) => void) {
    this.#parts = parts;
    this.#asked = request;
    this.#tell = tell;
    this.#now = parts.now ?? systemClock.monotonicNow;
    this.#timers = parts.timers ?? systemClock;
    this.#calls = new CallQueue({
      server: request.server,
      limits: request.specification.limits,
      now: this.#now,
      timers: this.#timers,
      onWaiting: (queued) => this.#tell({ type: 'loaded', queued }),
    });
    this.#questions = new Questions({
      calls: this.#calls,
      loopLag: parts.loopLag,
      now: this.#now,
      onFailed: (failed) => this.#end.failed(this.#withPhase(failed)),
    });
    this.#account = parts.kept.open(request.server);
    this.#unfinished = parts.unfinished.open(request.server);
    this.#backRequests = new BackRequests(request.capabilities, this.#account);
    this.#gate = new NewsGate((news) => this.#passed(news), this.#account.hold());
    this.#start = new SessionStart({
      startTimeoutMs: request.specification.startTimeoutMs,
      timers: this.#timers,
      tell: this.#tell,
      onReady: (lists) => this.#becameReady(lists),
      onFailed: (failed) => this.#end.failed(failed),
    });
    this.#end = new SessionEnd({
      calls: this.#calls,
      timers: this.#timers,
      tell: this.#tell,
      onBegun: () => this.#stopStarting(),
      release: () => this.#release(),
    });
    // In a turn of its own: a server in this process may start without the loop ever turning, and a thousand of them
    // would block it until all are up.
    (parts.defer ?? setImmediate)(() => this.#open());
  }

  request(
    method: string,
    params: Readonly<Record<string, unknown>> | undefined,
    options?: RequestOptions,
  ): Promise<unknown> {
    return this.#calls.request(method, params, options);
  }

  notify(method: string, params?: Readonly<Record<string, unknown>>): void {
    if (this.#isReady) this.#wire?.notify(method, params);
  }

  probe(kind: ProbeKind): Promise<number> {
    const [link, wire] = [this.#link, this.#wire];
    // Nobody answers, as in a session whose server is silent.
    if (!this.#isReady || link === null || wire === null) return new Promise(() => {});
    return this.#questions.probe(kind, link, wire);
  }

  report(question: number): void {
    if (!this.#end.isOver) this.#tell(this.#questions.report(question, { link: this.#link, wire: this.#wire }));
  }

  limit(limits: CallLimits): void {
    this.#calls.limit(limits);
  }

  answer(id: string | number, answer: Answer): void {
    this.#backRequests.answer(id, answer);
  }

  end(kind: EndKind): void {
    if (this.#end.isOver) return;
    this.#end.order(kind);
    this.#link?.end(kind);
  }

  get #isReady(): boolean {
    return this.#start.phase === 'connected' && !this.#end.hasBegun;
  }

  get #phase(): Phase {
    return this.#end.isOrdered ? 'stopping' : this.#start.phase;
  }

  /** Null: the link is not open yet. */
  get #wire(): Wire | null {
    return this.#conversation?.wire ?? null;
  }

  #open(): void {
    if (this.#end.hasBegun) {
      this.#end.linkEnded(null);
      return;
    }
    try {
      const link = this.#parts.openLink(this.#asked, (news) => this.#onLinkNews(news), this.#unfinished);
      this.#link = link;
      this.#begin(link);
    } catch (error) {
      this.#crashedWith(error);
    }
  }

  #onLinkNews(news: LinkNews): void {
    switch (news.type) {
      case 'spawned':
        this.#start.spawned(news.pid);
        this.#tellUnlessEnded(news);
        break;
      case 'stderr':
        this.#start.wrote();
        this.#wire?.overhearing.note('stderr', news.lines.at(-1) ?? null);
        this.#tellUnlessEnded(news);
        break;
      case 'recorded':
        this.#start.recorded();
        break;
      case 'drained':
        this.#calls.pump();
        break;
      case 'push':
      case 'doubted':
        this.#gate.pass(news);
        break;
      case 'failed':
        this.#end.failed(this.#withPhase(news.failure));
        break;
      case 'exited':
        this.#end.leaderExited(this.#withPhase(news.failure));
        break;
      case 'ended':
        this.#end.linkEnded(news.failure === null ? null : this.#withPhase(news.failure), news.last);
        break;
      default:
        this.#tellUnlessEnded(news);
    }
  }

  #tellUnlessEnded(news: SessionNews): void {
    if (!this.#end.isOver) this.#tell(news);
  }

  #begin(link: Link): void {
    // It may have failed or ended during the opening.
    if (this.#end.hasBegun) return;
    const conversation = new Conversation({
      link,
      request: this.#asked,
      clientInfo: this.#parts.clientInfo,
      backRequests: this.#backRequests,
      gate: this.#gate,
      account: this.#account,
      tell: (news) => this.#tellUnlessEnded(news),
      now: this.#now,
      timers: this.#timers,
    });
    this.#conversation = conversation;
    this.#start.begin(link, conversation).catch((error: unknown) => this.#crashedWith(error));
  }

  #becameReady(lists: Lists): void {
    if (this.#wire !== null) this.#calls.open(this.#wire);
    this.#tell({ type: 'ready', lists });
    this.#gate.open();
  }

  /** Receives what came through the gate. */
  #passed(news: SessionNews): void {
    if (this.#end.isOver) return;
    if (news.type === 'notified' && this.#conversation?.isChanged(news.method) === true) return;
    this.#tell(news);
  }

  #crashedWith(error: unknown): void {
    const crash = failure('internal', `A bug in mcpvisor: ${wordsOf(error)}`, { phase: this.#phase });
    if (this.#link === null) this.#end.linkEnded(crash);
    else this.#end.failed(crash);
  }

  /** Adds the phase: a link does not know how far the session had come. */
  #withPhase(failed: Failure): Failure {
    return failed.phase === null ? { ...failed, phase: this.#phase } : failed;
  }

  #stopStarting(): void {
    this.#start.close();
    this.#gate.clear();
    this.#conversation?.stopListing();
  }

  /** Returns what was heard of a server that never became ready. */
  #release(): readonly Overheard[] | null {
    this.#backRequests.close();
    this.#account.close();
    this.#unfinished.close();
    this.#questions.drop();
    const wire = this.#wire;
    // Releases the Client, with its timer if the handshake was still going on.
    void wire?.close();
    if (this.#start.phase === 'connected' || wire?.hasStarted !== true) return null;
    return wire.overheardSince(Number.NEGATIVE_INFINITY);
  }
}
