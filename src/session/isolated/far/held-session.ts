/** One session that is held for a control plane, which may be gone and come back: what still holds is told again then. */

import type { ProbeKind, Session, SessionNews } from '../../contract.ts';
import type { SessionRequest } from '../../request.ts';
import { hashOf } from '../proof.ts';
import { type HeldSession, type SessionId, sessionIdOf } from '../protocol.ts';

type NewsOf<Type extends SessionNews['type']> = Extract<SessionNews, { readonly type: Type }>;

/** Requests of the server that may be told again, at most: how many it withdrew is not known here. */
const mostAsked = 1_024;

/** Lines of stderr that nobody has heard yet, at most, in characters. */
const mostUnheard = 64 * 1024;

export class Held {
  readonly id: SessionId;
  readonly hash: string;
  readonly session: Session;
  /** Resolves when nothing of it is left. Never rejects. */
  readonly ended: Promise<void>;
  /** Whether somebody has asked for it since its control plane came. Until then only its end is told. */
  isClaimed = true;
  readonly #request: SessionRequest;
  readonly #listener: () => ((news: SessionNews) => void) | null;
  #spawned: NewsOf<'spawned'> | null = null;
  #initialized: NewsOf<'initialized'> | null = null;
  #ready: NewsOf<'ready'> | null = null;
  #unread: NewsOf<'unread'> | null = null;
  #push: NewsOf<'push'> | null = null;
  #crowded: NewsOf<'crowded'> | null = null;
  /** Probes that are not answered. */
  readonly #probes = new Set<(reason: Error) => void>();
  readonly #asked = new Map<string | number, NewsOf<'asked'>>();
  #unheard: string[] = [];
  #unheardLength = 0;
  #failed: NewsOf<'failed'> | NewsOf<'exited'> | null = null;
  #isEnding = false;
  #hasEnded = () => {};

  /** `listener`: who is told, now; null: nobody. */
  constructor(
    request: SessionRequest,
    open: (tell: (news: SessionNews) => void) => Session,
    listener: () => ((news: SessionNews) => void) | null,
  ) {
    this.id = sessionIdOf(request);
    this.hash = hashOf(request);
    this.#request = request;
    this.#listener = listener;
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
    const standing = [this.#spawned, this.#initialized, this.#ready, this.#unread, this.#push, this.#crowded];
    for (const news of [...standing, ...this.#asked.values(), this.#failed]) if (news !== null) tell(news);
    if (this.#unheard.length > 0) tell({ type: 'stderr', lines: this.#unheard });
    this.#unheard = [];
    this.#unheardLength = 0;
  }

  #tell(news: SessionNews): void {
    this.#note(news);
    if (news.type === 'ended') this.#end();
    const tell = this.isClaimed || news.type === 'ended' ? this.#listener() : null;
    if (tell !== null) tell(news);
    else if (news.type === 'stderr') this.#keep(news.lines);
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

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      this.#unheard.push(line);
      this.#unheardLength += line.length;
    }
    while (this.#unheardLength > mostUnheard) this.#unheardLength -= this.#unheard.shift()?.length ?? 0;
  }
}
