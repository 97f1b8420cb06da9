/**
 * Turns the news of a session into events for the chart, facts, lines of the log, and the server's `SessionFacts`. All
 * text of a server passes through here, and its secrets are blanked.
 */

import type { Failure } from '../../../../machines/failure.ts';
import { heardText } from '../../../errors.ts';
import type { Redactor } from '../../../observe/secrets/redact.ts';
import type { LogStream } from '../../../observe/server-logs/line.ts';
import type { Peer, ProbeKind, Session, SessionNews } from '../../../session/contract.ts';
import type { Host } from '../../host.ts';
import type { Ledger } from '../../ledger.ts';
import type { Expansions } from './expansions.ts';
import { SessionLists } from './lists.ts';
import { type OneSession, type OutletParts, SessionOutlets } from './outlets.ts';
import { ProcessFacts } from './process-facts.ts';
import type { Words } from './words.ts';

export interface SessionListenerParts extends OutletParts {
  readonly ledger: Ledger;
  readonly redactor: Redactor;
  readonly words: Words;
  readonly expansions: Expansions;
  readonly host: Host;
  /** Called with each line that a server wrote on stderr, and with each note on an odd message of it. */
  readonly onLine: (server: string, stream: LogStream, text: string) => void;
}

type NewsOf<Type extends SessionNews['type']> = Extract<SessionNews, { readonly type: Type }>;

export class SessionListener {
  readonly #parts: SessionListenerParts;
  readonly #one: OneSession;
  readonly #outlets: SessionOutlets;
  readonly #lists: SessionLists;
  readonly #process: ProcessFacts;
  #session: Session | null = null;
  #hasEnded = false;

  constructor(parts: SessionListenerParts, one: OneSession) {
    const { entry } = one;
    this.#parts = parts;
    this.#one = one;
    this.#outlets = new SessionOutlets(parts, one);
    this.#lists = new SessionLists(entry, this.#outlets, parts.words);
    this.#process = new ProcessFacts(entry, this.#outlets);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The redactor's key for the secrets of this session, until it has ended. */
  get secretsOwner(): string {
    return `${this.#one.entry.name}:${this.#one.generation}`;
  }

  /** Called once, before any news. */
  opened(session: Session): void {
    this.#session = session;
    const { entry, generation } = this.#one;
    const { generation: highest, lives } = entry.reported;
    this.#outlets.update({ session, generation: Math.max(highest, generation), lives: lives + 1 });
  }

  probed(kind: ProbeKind, latencyMs: number): void {
    if (this.#hasEnded) return;
    this.#outlets.publish({ type: 'probe.answered', kind, latencyMs: Math.round(latencyMs * 1_000) / 1_000 });
    this.#outlets.send({ type: 'probe.answered', latencyMs });
  }

  handle(news: SessionNews): void {
    const { words, onLine, host } = this.#parts;
    const { name: server } = this.#one.entry;
    const outlets = this.#outlets;
    switch (news.type) {
      case 'spawned':
        this.#process.spawned(news.pid);
        outlets.send({ type: 'session.spawned', pid: news.pid });
        break;
      case 'progressed':
        outlets.send({ type: 'session.progressed' });
        break;
      case 'initialized':
        this.#initialized(news.peer);
        break;
      case 'ready':
        this.#lists.first(news.lists);
        outlets.send({ type: 'session.ready', ...(news.forMs !== undefined && { forMs: news.forMs }) });
        break;
      case 'listed':
        this.#lists.again(news.lists);
        break;
      case 'unread':
        this.#lists.unread(news.lists);
        break;
      case 'crowded':
        outlets.send({ type: 'session.crowded', crowding: news.crowding });
        break;
      case 'notified':
        outlets.publish({ type: 'session.notified', method: words.text(news.method) });
        host.notified({ server, method: news.method, params: news.params });
        break;
      case 'asked':
        this.#asked(news);
        break;
      case 'push':
        this.#pushChanged(news);
        break;
      case 'stderr':
        for (const line of news.lines) onLine(server, 'stderr', words.line(line));
        break;
      case 'noted':
        onLine(server, 'protocol', words.note(news.text));
        break;
      case 'loaded':
        outlets.update({ queued: news.queued });
        break;
      case 'signalled':
        this.#process.signalled(news.signal);
        break;
      case 'heard':
        outlets.send({ ...news, type: 'session.heard' });
        break;
      case 'doubted':
        outlets.send({ type: 'session.doubted', reason: words.text(news.reason) });
        break;
      case 'failed':
        outlets.send({
          type: 'session.failed',
          failure: words.failure(news.failure),
          renewed: this.#isRenewed(news.failure),
        });
        break;
      case 'gone':
        this.#process.exited(news);
        break;
      case 'exited':
        outlets.send({ type: 'session.exited', failure: words.failure(news.failure) });
        break;
      case 'ended':
        this.#end(words.failure(news.failure), news);
        break;
    }
  }

  #initialized(peer: Peer): void {
    const { redactor } = this.#parts;
    const serverInfo = redactor.value(peer.serverInfo) as Peer['serverInfo'];
    const instructions = peer.instructions === null ? null : redactor.text(peer.instructions);
    this.#outlets.update({ peer: { ...peer, serverInfo, instructions } });
    this.#outlets.send({ type: 'session.initialized' });
  }

  #pushChanged({ available, reason }: NewsOf<'push'>): void {
    this.#outlets.update({ push: available });
    const text = reason === null ? null : this.#parts.words.text(reason);
    this.#outlets.publish({ type: 'session.push', available, reason: text });
  }

  #asked({ id, method, params }: NewsOf<'asked'>): void {
    const { host, words } = this.#parts;
    const answering = host.answer({ server: this.#one.entry.name, method, params });
    // The host's errors become answers; the promise does not reject.
    void answering.then((answer) => {
      this.#outlets.publish({ type: 'session.asked', method: words.text(method), answered: 'result' in answer });
      if (!this.#hasEnded) this.#session?.answer(id, answer);
    });
  }

  #end(failure: Failure | null, ended: NewsOf<'ended'>): void {
    const { words, redactor } = this.#parts;
    const outlets = this.#outlets;
    const last = ended.last === undefined ? null : { ...ended.last, stderrTail: words.tail(ended.last.stderrTail) };
    const heard = ended.heard === undefined ? null : heardText(words.overheard(ended.heard));
    this.#hasEnded = true;
    // Of a process that was gone before it was told to be there.
    this.#process.exited(last ?? { exitCode: null, signal: null });
    outlets.update({ session: null, push: null, queued: 0 });
    outlets.publish({ type: 'session.closed', failure, last });
    outlets.send({ type: 'session.ended', failure, renewed: this.#isRenewed(failure), last, heard });
    redactor.dropSecrets(this.secretsOwner);
    const { waiters } = this.#one.entry;
    for (const waiter of waiters) waiter();
    waiters.clear();
  }

  /** Whether what was refused is not what a start would use now. */
  #isRenewed(failure: Failure | null): boolean {
    return failure?.class === 'unauthorized' && this.#parts.expansions.hasChanged(this.#one.entry);
  }
}
