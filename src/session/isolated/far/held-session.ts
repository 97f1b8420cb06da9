/** One session that is held for a control plane, which may be gone and come back: what still holds is told again then. */

import type { ProbeKind, Session, SessionNews } from '../../contract.ts';
import type { Outlet } from '../../outlet.ts';
import type { SessionRequest } from '../../request.ts';
import { hashOf } from '../proof.ts';
import { type HeldSession, type SessionId, sessionIdOf } from '../protocol.ts';
import { UnheardLines } from './unheard-lines.ts';

type NewsOf<Type extends SessionNews['type']> = Extract<SessionNews, { readonly type: Type }>;

/** Requests of the server that may be told again, at most: how many it withdrew is not known here. */
const mostAsked = 1_024;

export interface HeldParts {
  readonly open: (tell: (news: SessionNews) => void) => Session;
  /** Who is told, now; null: nobody. */
  readonly listener: () => ((news: SessionNews) => void) | null;
  /** Where it is told goes on to. */
  readonly outlet: Outlet;
}

export class Held {
  readonly id: SessionId;
  readonly hash: string;
  readonly session: Session;
  /** Resolves when nothing of it is left. Never rejects. */
  readonly ended: Promise<void>;
  /** Whether somebody has asked for it since its control plane came. Until then only its end is told. */
  isClaimed = true;
  readonly #request: SessionRequest;
  readonly #listener: HeldParts['listener'];
  readonly #outlet: Outlet;
  #spawned: NewsOf<'spawned'> | null = null;
  #initialized: NewsOf<'initialized'> | null = null;
  #ready: NewsOf<'ready'> | null = null;
  /** When it became so, by the machine's monotonic clock. */
  #readyAtMs = 0;
  #unread: NewsOf<'unread'> | null = null;
  #push: NewsOf<'push'> | null = null;
  #crowded: NewsOf<'crowded'> | null = null;
  /** Probes that are not answered. */
  readonly #probes = new Set<(reason: Error) => void>();
  readonly #asked = new Map<string | number, NewsOf<'asked'>>();
  readonly #unheard = new UnheardLines();
  #failed: NewsOf<'failed'> | NewsOf<'exited'> | null = null;
  #isEnding = false;
  #hasEnded = () => {};

  constructor(request: SessionRequest, { open, listener, outlet }: HeldParts) {
    this.id = sessionIdOf(request);
    this.hash = hashOf(request);
    this.#request = request;
    this.#listener = listener;
    this.#outlet = outlet;
    this.ended = new Promise((resolve) => {
      this.#hasEnded = resolve;
    });
    this.session = open((news) => this.#tell(news));
  }

  get described(): HeldSession {
    const { server, generation } = this.#request;
    const isReady = this.#ready !== null && this.#failed === null && !this.#isEnding;
    return { id: this.id, server, generation, hash: this.hash, isReady };
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** How long each step of its end may take. */
  get stop() {
    return this.#request.specification.stop;
  }

  end(kind: Parameters<Session['end']>[0]): void {
    this.#isEnding = true;
    this.session.end(kind);
  }

  /** Rejects when the session ends first. */
  probe(kind: ProbeKind): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#probes.add(reject);
      // It never rejects.
      void this.session.probe(kind).then((tookMs) => {
        this.#probes.delete(reject);
        resolve(tookMs);
      });
    });
  }

  answer(...[id, answer]: Parameters<Session['answer']>): void {
    this.#asked.delete(id);
    this.session.answer(id, answer);
  }

  /** Tells everything that still holds, and from now on what happens. */
  claim(): void {
    this.isClaimed = true;
    const tell = this.#listener();
    if (tell === null) return;
    const forMs = Math.round(performance.now() - this.#readyAtMs);
    const ready = this.#ready === null ? null : { ...this.#ready, forMs };
    const standing = [this.#spawned, this.#initialized, ready, this.#unread, this.#push, this.#crowded];
    for (const news of [...standing, ...this.#asked.values(), this.#failed]) if (news !== null) tell(news);
    this.#tellUnheard();
  }

  #tell(news: SessionNews): void {
    this.#note(news);
    if (news.type === 'ended') this.#end();
    if (news.type === 'stderr') this.#tellLines(news.lines);
    else if (this.isClaimed || news.type === 'ended') this.#listener()?.(news);
  }

  /** Nothing keeps a server from writing on stderr: what cannot be told is kept for a while instead. */
  #tellLines(lines: readonly string[]): void {
    const isFirst = this.#unheard.isEmpty;
    this.#unheard.keep(lines);
    if (!this.isClaimed || this.#listener() === null) return;
    if (!this.#outlet.isFull) this.#tellUnheard();
    // It never rejects.
    else if (isFirst) void this.#outlet.whenFree().then(() => this.#tellUnheard());
  }

  #tellUnheard(): void {
    const tell = this.isClaimed ? this.#listener() : null;
    if (tell !== null && !this.#unheard.isEmpty) tell({ type: 'stderr', lines: this.#unheard.take() });
  }

  #end(): void {
    this.#hasEnded();
    for (const reject of this.#probes) reject(new Error('The session has ended.'));
    this.#probes.clear();
  }

  #note(news: SessionNews): void {
    switch (news.type) {
      case 'spawned':
        this.#spawned = news;
        break;
      case 'initialized':
        this.#initialized = news;
        break;
      case 'ready':
        this.#ready = news;
        this.#readyAtMs = performance.now();
        break;
      case 'listed':
        this.#ready = { type: 'ready', lists: news.lists };
        break;
      case 'unread':
        this.#unread = news;
        break;
      case 'push':
        this.#push = news;
        break;
      case 'crowded':
        this.#crowded = news;
        break;
      case 'asked':
        this.#asked.set(news.id, news);
        if (this.#asked.size > mostAsked)
          for (const oldest of this.#asked.keys()) return void this.#asked.delete(oldest);
        break;
      case 'failed':
      case 'exited':
        this.#failed = news;
        break;
      default:
        break;
    }
  }
}
