/** The life of a session held in this process, from the opening of its link to its end. */

import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { type Failure, failure, type LastWords, type Phase } from '../../../machines/failure.ts';
import { systemClock, type TimerClock } from '../../clock.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { Account, Budget } from '../budget.ts';
import { CallQueue } from '../calls/call-queue.ts';
import type { Answer, EndKind, ProbeKind, RequestOptions, Session, SessionNews } from '../contract.ts';
import type { Link, LinkNews } from '../link.ts';
import type { OpenLink } from '../links.ts';
import { BackRequests } from '../protocol/back-requests.ts';
import type { LoopLag } from '../protocol/loop-lag.ts';
import { NewsGate } from '../protocol/news-gate.ts';
import type { Wire } from '../protocol/wire.ts';
import type { CallLimits, SessionRequest } from '../request.ts';
import { Conversation } from './conversation.ts';
import { Questions } from './questions.ts';
import { type StartProgress, watchStartProgress } from './start-progress.ts';

/**
 * How long to wait for the link's own explanation, in milliseconds: when a transport fails while the link lives, the
 * link nearly always ends next, and knows why.
 */
const linkNewsMs = 100;

/** The last output of a dead leader is read within this time, in milliseconds; after it no answer can come. */
const lastAnswersMs = 100;

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

type Stage = 'starting' | 'ready' | 'leaving' | 'ended';

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
  #link: Link | null = null;
  #conversation: Conversation | null = null;
  #stage: Stage = 'starting';
  #wasReady = false;
  #phase: Phase = 'spawning';
  /** `failed` or `exited` has been sent. */
  #isFailed = false;
  /** The leader of the process group is gone. */
  #hasExited = false;
  /** The process, if there is one, is on record. */
  #isRecorded = false;
  #timer: unknown = null;
  /** Null: it has no process, or has answered. */
  #progress: StartProgress | null = null;

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
      onFailed: (failed) => this.#failed(this.#withPhase(failed)),
    });
    this.#account = parts.kept.open(request.server);
    this.#unfinished = parts.unfinished.open(request.server);
    this.#backRequests = new BackRequests(request.capabilities, this.#account);
    this.#gate = new NewsGate((news) => this.#passed(news), this.#account.hold());
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
    if (this.#stage === 'ready') this.#wire?.notify(method, params);
  }

  probe(kind: ProbeKind): Promise<number> {
    const [link, wire] = [this.#link, this.#wire];
    // Nobody answers, as in a session whose server is silent.
    if (this.#stage !== 'ready' || link === null || wire === null) return new Promise(() => {});
    return this.#questions.probe(kind, link, wire);
  }

  report(question: number): void {
    if (this.#stage !== 'ended') this.#tell(this.#questions.report(question, { link: this.#link, wire: this.#wire }));
  }

  limit(limits: CallLimits): void {
    this.#calls.limit(limits);
  }

  answer(id: string | number, answer: Answer): void {
    this.#backRequests.answer(id, answer);
  }

  end(kind: EndKind): void {
    if (this.#stage === 'ended') return;
    if (this.#stage !== 'leaving') this.#phase = 'stopping';
    this.#leave('stopping');
    // The last answers of a dead leader may still be in the pipe.
    if (kind !== 'close' && !this.#hasExited) this.#calls.abandon('stopping');
    this.#link?.end(kind);
  }

  /** Null: the link is not open yet. */
  get #wire(): Wire | null {
    return this.#conversation?.wire ?? null;
  }

  #open(): void {
    if (this.#stage !== 'starting') {
      this.#ended(null);
      return;
    }
    try {
      const link = this.#parts.openLink(this.#asked, (news) => this.#onLinkNews(news), this.#unfinished);
      this.#link = link;
      this.#begin(link).catch((error: unknown) => this.#crashedWith(error));
    } catch (error) {
      this.#crashedWith(error);
    }
  }

  #onLinkNews(news: LinkNews): void {
    switch (news.type) {
      case 'spawned':
        if (this.#phase === 'spawning') this.#phase = 'initializing';
        this.#isRecorded ||= news.pid === null;
        this.#tellUnlessEnded(news);
        if (this.#stage === 'starting' && news.pid !== null) this.#progress = this.#watchStart();
        break;
      case 'stderr':
        this.#progress?.wrote();
        this.#wire?.overhearing.note('stderr', news.lines.at(-1) ?? null);
        this.#tellUnlessEnded(news);
        break;
      case 'recorded':
        this.#isRecorded = true;
        this.#becomeReady();
        break;
      case 'drained':
        this.#calls.pump();
        break;
      case 'push':
      case 'doubted':
        this.#gate.pass(news);
        break;
      case 'failed':
        this.#failed(this.#withPhase(news.failure));
        break;
      case 'exited':
        this.#leaderExited(this.#withPhase(news.failure));
        break;
      case 'ended':
        this.#ended(news.failure === null ? null : this.#withPhase(news.failure), news.last);
        break;
      default:
        this.#tellUnlessEnded(news);
    }
  }

  #watchStart(): StartProgress {
    return watchStartProgress({
      startTimeoutMs: this.#asked.specification.startTimeoutMs,
      worked: () => this.#link?.worked?.() ?? false,
      onProgress: () => this.#tell({ type: 'progressed' }),
    });
  }

  #endProgress(): void {
    this.#progress?.close();
    this.#progress = null;
  }

  #tellUnlessEnded(news: SessionNews): void {
    if (this.#stage !== 'ended') this.#tell(news);
  }

  async #begin(link: Link): Promise<void> {
    // It may have failed or ended during the opening.
    if (this.#stage !== 'starting') return;
    const conversation = this.#conversationOn(link);
    this.#conversation = conversation;
    try {
      const introduction = await conversation.shakeHands();
      if (this.#stage !== 'starting') return;
      if ('failure' in introduction) {
        this.#failed(introduction.failure);
        return;
      }
      this.#phase = 'listing';
      this.#endProgress();
      this.#tell({ type: 'initialized', peer: { ...introduction.peer, transport: link.kind } });
      await conversation.list(introduction.peer.capabilities);
    } catch (error) {
      this.#startFailed(link, error);
      return;
    }
    this.#becomeReady();
  }

  /** Called when it is listed, and when it is on record; the second call makes it ready. */
  #becomeReady(): void {
    const wire = this.#wire;
    const lists = this.#conversation?.lists ?? null;
    if (this.#stage !== 'starting' || !this.#isRecorded || wire === null || lists === null) return;
    this.#stage = 'ready';
    this.#wasReady = true;
    this.#phase = 'connected';
    this.#calls.open(wire);
    this.#tell({ type: 'ready', lists });
    this.#gate.open();
  }

  #conversationOn(link: Link): Conversation {
    return new Conversation({
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
  }

  /** Receives what came through the gate. */
  #passed(news: SessionNews): void {
    if (this.#stage === 'ended') return;
    if (news.type === 'notified' && this.#conversation?.isChanged(news.method) === true) return;
    this.#tell(news);
  }

  /** The handshake or the first listing went wrong. */
  #startFailed(link: Link, error: unknown): void {
    if (this.#stage !== 'starting') return;
    const phase = this.#phase;
    const fail = () => this.#failed(link.failureOf(error, phase));
    if (error instanceof McpError) fail();
    // If the link could not start, it always says so itself.
    else if (this.#wire?.startFailed !== true) this.#timer = this.#timers.setTimeout(fail, linkNewsMs);
  }

  #crashedWith(error: unknown): void {
    const crash = failure('internal', `A bug in mcpvisor: ${wordsOf(error)}`, { phase: this.#phase });
    if (this.#link === null) this.#ended(crash);
    else this.#failed(crash);
  }

  #failed(failed: Failure): void {
    if (this.#stage === 'ended') return;
    const news = this.#stage !== 'leaving';
    this.#leave(failed.class);
    // No answer can come any more.
    this.#calls.abandon(failed.class);
    if (!news) return;
    this.#isFailed = true;
    this.#tell({ type: 'failed', failure: failed });
  }

  #leaderExited(failed: Failure): void {
    if (this.#stage === 'ended') return;
    this.#hasExited = true;
    this.#leave(failed.class);
    this.#clearTimer();
    this.#timer = this.#timers.setTimeout(() => this.#calls.abandon(failed.class), lastAnswersMs);
    if (this.#isFailed) return;
    this.#isFailed = true;
    this.#tell({ type: 'exited', failure: failed });
  }

  /** Adds the phase: a link does not know how far the session had come. */
  #withPhase(failed: Failure): Failure {
    return failed.phase === null ? { ...failed, phase: this.#phase } : failed;
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #leave(reason: string): void {
    if (this.#stage === 'leaving') return;
    this.#stage = 'leaving';
    this.#endProgress();
    this.#gate.clear();
    this.#conversation?.stopListing();
    this.#calls.close(reason);
  }

  #ended(failed: Failure | null, last?: LastWords): void {
    if (this.#stage === 'ended') return;
    this.#leave(failed?.class ?? 'stopping');
    this.#stage = 'ended';
    this.#calls.abandon(failed?.class ?? 'stopping');
    this.#calls.end();
    this.#backRequests.close();
    this.#account.close();
    this.#unfinished.close();
    this.#questions.drop();
    this.#clearTimer();
    const wire = this.#wire;
    // Releases the Client, with its timer if the handshake was still going on.
    void wire?.close();
    const heard =
      this.#wasReady || wire?.hasStarted !== true ? undefined : wire.overheardSince(Number.NEGATIVE_INFINITY);
    this.#tell({ type: 'ended', failure: failed, ...(last && { last }), ...(heard && { heard }) });
  }
}
