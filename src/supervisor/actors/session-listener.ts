/**
 * Turns the news of a session into events for the chart, facts, lines of the log, and the server's `SessionFacts`. All
 * text of a server passes through here, and its secrets are blanked.
 */

import type { Failure } from '../../../machines/failure.ts';
import type { ServerEvent } from '../../../machines/server/events.ts';
import { heardText } from '../../errors.ts';
import type { FactBody, FactOfActor, PublishFact } from '../../observe/facts/fact.ts';
import type { Redactor } from '../../observe/secrets/redact.ts';
import type { LogStream } from '../../observe/server-logs/line.ts';
import type { ListName, Lists, Peer, ProbeKind, Session, SessionNews } from '../../session/contract.ts';
import type { Host } from '../host.ts';
import type { Ledger, ServerEntry } from '../ledger.ts';
import type { SessionFacts } from '../session-facts.ts';
import type { Expansions } from './expansions.ts';
import type { Moments } from './moments.ts';
import type { Words } from './words.ts';

export interface SessionListenerParts {
  readonly ledger: Ledger;
  readonly publish: PublishFact;
  readonly redactor: Redactor;
  readonly words: Words;
  readonly moments: Moments;
  readonly expansions: Expansions;
  readonly host: Host;
  /** Called with each line that a server wrote on stderr, and with each note on an odd message of it. */
  readonly onLine: (server: string, stream: LogStream, text: string) => void;
}

export interface OneSession {
  readonly entry: ServerEntry;
  readonly generation: number;
  readonly send: (event: ServerEvent) => void;
}

type NewsOf<Type extends SessionNews['type']> = Extract<SessionNews, { readonly type: Type }>;

/** Longest name of a bad item that is published, in characters. */
const longestName = 256;

export class SessionListener {
  readonly #parts: SessionListenerParts;
  readonly #entry: ServerEntry;
  readonly #generation: number;
  readonly #send: OneSession['send'];
  #session: Session | null = null;
  #pid: number | null = null;
  /** Lists that this session could not read. */
  #unread: readonly ListName[] = [];
  #isExitPublished = false;
  #hasEnded = false;

  constructor(parts: SessionListenerParts, { entry, generation, send }: OneSession) {
    this.#parts = parts;
    this.#entry = entry;
    this.#generation = generation;
    this.#send = send;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The redactor's key for the secrets of this session, until it has ended. */
  get secretsOwner(): string {
    return `${this.#entry.name}:${this.#generation}`;
  }

  /** Called once, before any news. */
  opened(session: Session): void {
    this.#session = session;
    const { generation: highest, lives } = this.#entry.reported;
    this.#update({ session, generation: Math.max(highest, this.#generation), lives: lives + 1 });
  }

  probed(kind: ProbeKind, latencyMs: number): void {
    if (this.#hasEnded) return;
    this.#publish({ type: 'probe.answered', kind, latencyMs: Math.round(latencyMs * 1_000) / 1_000 });
    this.#send({ type: 'probe.answered', latencyMs, ...this.#now() });
  }

  handle(news: SessionNews): void {
    const { words, onLine, host } = this.#parts;
    const { name: server } = this.#entry;
    switch (news.type) {
      case 'spawned':
        this.#spawned(news.pid);
        break;
      case 'progressed':
        this.#send({ type: 'session.progressed', ...this.#now() });
        break;
      case 'initialized':
        this.#initialized(news.peer);
        break;
      case 'ready':
        this.#ready(news.lists);
        break;
      case 'listed':
        this.#update({ lists: this.#withLastGood(news.lists) });
        this.#publishCatalog();
        break;
      case 'unread':
        this.#unreadChanged(news.lists);
        break;
      case 'crowded':
        this.#send({ type: 'session.crowded', crowding: news.crowding, ...this.#now() });
        break;
      case 'notified':
        this.#publish({ type: 'session.notified', method: words.text(news.method) });
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
        this.#update({ queued: news.queued });
        break;
      case 'signalled':
        if (this.#pid !== null) this.#publish({ type: 'process.killed', pid: this.#pid, signal: news.signal });
        break;
      case 'heard':
        this.#send({ ...news, type: 'session.heard', ...this.#now() });
        break;
      case 'doubted':
        this.#send({ type: 'session.doubted', reason: words.text(news.reason), ...this.#now() });
        break;
      case 'failed':
        this.#send({
          type: 'session.failed',
          failure: words.failure(news.failure),
          renewed: this.#isRenewed(news.failure),
          ...this.#now(),
        });
        break;
      case 'exited':
        this.#publishExit(news.failure);
        this.#send({ type: 'session.exited', failure: words.failure(news.failure), ...this.#now() });
        break;
      case 'ended':
        this.#end(words.failure(news.failure), news);
        break;
    }
  }

  #spawned(pid: number | null): void {
    this.#pid = pid;
    if (pid !== null) this.#publish({ type: 'process.spawned', pid, command: commandOf(this.#entry) });
    this.#send({ type: 'session.spawned', pid, ...this.#now() });
  }

  #initialized(peer: Peer): void {
    const { redactor } = this.#parts;
    const serverInfo = redactor.value(peer.serverInfo) as Peer['serverInfo'];
    const instructions = peer.instructions === null ? null : redactor.text(peer.instructions);
    this.#update({ peer: { ...peer, serverInfo, instructions } });
    this.#send({ type: 'session.initialized', ...this.#now() });
  }

  #ready(lists: Lists): void {
    const { peer, push } = this.#entry.reported;
    this.#update({ lists: this.#withLastGood(lists), push: push ?? true });
    this.#publish({
      type: 'session.opened',
      transport: peer?.transport ?? 'unknown',
      protocolVersion: peer?.protocolVersion ?? 'unknown',
      ...sizesOf(this.#entry),
    });
    if (lists.problems.length > 0) this.#publishCatalog();
    this.#send({ type: 'session.ready', ...this.#now() });
  }

  /** A list that this session could not read at all is as it was in an earlier one. */
  #withLastGood(lists: Lists): Lists {
    const { lists: last } = this.#entry.reported;
    const kept = this.#unread.filter((list) => lists[list].length === 0).map((list) => [list, last[list]]);
    return kept.length === 0 ? lists : { ...lists, ...Object.fromEntries(kept) };
  }

  #unreadChanged(unread: NewsOf<'unread'>['lists']): void {
    this.#unread = unread.map(({ list }) => list);
    const lists = unread.map(({ list, reason }) => ({ list, reason: this.#parts.words.note(reason) }));
    this.#send({ type: 'session.unread', lists, ...this.#now() });
  }

  #publishCatalog(): void {
    const { words } = this.#parts;
    const problems = this.#entry.reported.lists.problems.map(({ list, index, name, message }) => {
      const named = name === null ? '' : ` "${words.text(name).slice(0, longestName)}"`;
      return words.text(`${list}[${index}]${named}: ${message}`);
    });
    this.#publish({ type: 'catalog.changed', ...sizesOf(this.#entry), problems });
  }

  #pushChanged({ available, reason }: NewsOf<'push'>): void {
    this.#update({ push: available });
    const text = reason === null ? null : this.#parts.words.text(reason);
    this.#publish({ type: 'session.push', available, reason: text });
  }

  #asked({ id, method, params }: NewsOf<'asked'>): void {
    const answering = this.#parts.host.answer({ server: this.#entry.name, method, params });
    // The host's errors become answers; the promise does not reject.
    void answering.then((answer) => {
      this.#publish({ type: 'session.asked', method: this.#parts.words.text(method), answered: 'result' in answer });
      if (!this.#hasEnded) this.#session?.answer(id, answer);
    });
  }

  #end(failure: Failure | null, ended: NewsOf<'ended'>): void {
    const { words } = this.#parts;
    const last = ended.last === undefined ? null : { ...ended.last, stderrTail: words.tail(ended.last.stderrTail) };
    const heard = ended.heard === undefined ? null : heardText(words.overheard(ended.heard));
    this.#hasEnded = true;
    const { waiters } = this.#entry;
    this.#publishExit(last ?? { exitCode: null, signal: null });
    this.#update({ session: null, push: null, queued: 0 });
    this.#publish({ type: 'session.closed', failure, last });
    const renewed = this.#isRenewed(failure);
    this.#send({ type: 'session.ended', failure, renewed, last, heard, ...this.#now() });
    this.#parts.redactor.dropSecrets(this.secretsOwner);
    for (const waiter of waiters) waiter();
    waiters.clear();
  }

  /** Whether what was refused is not what a start would use now. */
  #isRenewed(failure: Failure | null): boolean {
    return failure?.class === 'unauthorized' && this.#parts.expansions.hasChanged(this.#entry);
  }

  #publishExit({ exitCode, signal }: Pick<Failure, 'exitCode' | 'signal'>): void {
    if (this.#isExitPublished || this.#pid === null) return;
    this.#isExitPublished = true;
    this.#publish({ type: 'process.exited', pid: this.#pid, exitCode, signal });
  }

  #update(changed: Partial<SessionFacts>): void {
    this.#entry.reported = Object.freeze({ ...this.#entry.reported, ...changed });
  }

  #now() {
    return { generation: this.#generation, ...this.#parts.moments.next() };
  }

  #publish(fact: FactOfActor): void {
    this.#parts.publish({ actor: `server:${this.#entry.name}`, generation: this.#generation, ...fact } as FactBody);
  }
}

/** As it is written in the configuration: what is expanded may be a secret. */
function commandOf({ specification }: ServerEntry): string {
  return specification.transport === 'stdio' ? [specification.command, ...specification.args].join(' ') : '';
}

function sizesOf({ lists }: ServerEntry) {
  return { tools: lists.tools.length, resources: lists.resources.length, prompts: lists.prompts.length };
}
