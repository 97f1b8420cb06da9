/**
 * The actor that holds one session: what the session tells becomes events for the chart, facts, and entries in the
 * ledger.
 */

import { fromCallback } from 'xstate';
import type { Failure } from '../../../machines/failure.ts';
import type { ServerEvent, SessionOrder } from '../../../machines/server/events.ts';
import type { SessionInput } from '../../../machines/server/setup.ts';
import type { FactBody, FactOfActor, PublishFact } from '../../observe/facts/fact.ts';
import type { Redactor } from '../../observe/secrets/redact.ts';
import type { ClientCapabilities, OpenSession, Peer, Session, SessionNews } from '../../session/contract.ts';
import type { ServerSpecification } from '../../specification.ts';
import type { Host } from '../host.ts';
import type { Ledger, ServerEntry } from '../ledger.ts';
import type { Moments } from './moments.ts';
import { createTurns, type Turns } from './turns.ts';

export interface SessionActorParts {
  readonly openSession: OpenSession;
  readonly ledger: Ledger;
  readonly publish: PublishFact;
  readonly redactor: Redactor;
  readonly moments: Moments;
  readonly host: Host;
  /** What was odd about what a server said on the wire. */
  readonly onNoted: (server: string, text: string) => void;
  readonly capabilities: ClientCapabilities;
  readonly onBug: (error: unknown) => void;
}

type Send = (event: ServerEvent) => void;

/**
 * Longest text of a server's own words that goes into facts and snapshots, in characters: about as a line in its log.
 */
const maxWordsLength = 8_000;
/** Bad items of lists that are told one by one. */
const toldProblems = 100;

export function createSessionActor(parts: SessionActorParts) {
  const turns = createTurns();
  return fromCallback<SessionOrder, SessionInput>(({ input, sendBack, receive }) => {
    const entry = parts.ledger.get(input.server);
    if (entry === undefined) throw new Error(`server "${input.server}" is not in the ledger`);
    const holder = new SessionHolder(parts, { entry, generation: input.generation, send: sendBack as Send, turns });
    receive((order) => holder.obey(order));
    return () => holder.abandon();
  });
}

class SessionHolder {
  readonly #parts: SessionActorParts;
  readonly #entry: ServerEntry;
  readonly #generation: number;
  readonly #send: Send;
  readonly #session: Session;
  readonly #turns: Turns;
  #pid: number | null = null;
  #exitTold = false;
  #ended = false;

  constructor(
    parts: SessionActorParts,
    {
      entry,
      generation,
      send,
      turns,
    }: { readonly entry: ServerEntry; readonly generation: number; readonly send: Send; readonly turns: Turns },
  ) {
    this.#parts = parts;
    this.#entry = entry;
    this.#generation = generation;
    this.#send = send;
    this.#turns = turns;
    entry.generation = Math.max(entry.generation, generation);
    entry.lives += 1;
    const asked = {
      server: entry.name,
      specification: withLiveLimits(entry),
      generation,
      capabilities: parts.capabilities,
    };
    this.#session = parts.openSession(asked, (news) => {
      // Many may die at once. Nothing but `ended` comes after `exited`, and nothing after `ended`, so the order of
      // the news stays as it was.
      if (news.type === 'exited' || news.type === 'ended') turns.take(() => this.#hearSafely(news));
      else this.#hearSafely(news);
    });
    entry.session = this.#session;
  }

  obey(order: SessionOrder): void {
    if (this.#ended) return;
    switch (order.type) {
      case 'end':
        // Many may be told at once.
        this.#turns.take(() => this.#session.end(order.kind));
        break;
      case 'report':
        this.#send({ type: 'session.heard', question: order.question, ...this.#session.heard(), ...this.#now() });
        break;
      case 'probe':
        this.#probe(order.kind);
        break;
    }
  }

  /** Its chart is gone without having ended it: only a bug does that. Nobody is left to be polite for. */
  abandon(): void {
    if (!this.#ended) this.#session.end('kill');
  }

  #probe(kind: 'ping' | 'list'): void {
    // A probe never rejects.
    void this.#session.probe(kind).then((latencyMs) => {
      if (this.#ended) return;
      this.#publish({ type: 'probe.answered', kind, latencyMs: Math.round(latencyMs * 1_000) / 1_000 });
      this.#send({ type: 'probe.answered', latencyMs, ...this.#now() });
    });
  }

  /** A bug in here must not end the transport that tells. */
  #hearSafely(news: SessionNews): void {
    try {
      this.#hear(news);
    } catch (error) {
      this.#parts.onBug(error);
    }
  }

  #hear(news: SessionNews): void {
    switch (news.type) {
      case 'spawned':
        this.#pid = news.pid;
        if (news.pid !== null)
          this.#publish({ type: 'process.spawned', pid: news.pid, command: commandOf(this.#entry) });
        this.#send({ type: 'session.spawned', pid: news.pid, ...this.#now() });
        break;
      case 'initialized':
        this.#entry.peer = {
          ...news.peer,
          serverInfo: this.#parts.redactor.value(news.peer.serverInfo) as Peer['serverInfo'],
          instructions: news.peer.instructions === null ? null : this.#parts.redactor.text(news.peer.instructions),
        };
        this.#send({ type: 'session.initialized', ...this.#now() });
        break;
      case 'ready':
        this.#ready(news.lists);
        break;
      case 'listed':
        this.#parts.ledger.setLists(this.#entry, news.lists);
        this.#publish({
          type: 'catalog.changed',
          ...sizesOf(this.#entry),
          problems: problemsOf(this.#entry).map((problem) => this.#clean(problem)),
        });
        break;
      case 'notified':
        this.#publish({ type: 'session.notified', method: this.#clean(news.method) });
        this.#parts.host.notified({ server: this.#entry.name, method: news.method, params: news.params });
        break;
      case 'asked':
        this.#asked(news);
        break;
      case 'push':
        this.#entry.push = news.available;
        this.#publish({
          type: 'session.push',
          available: news.available,
          reason: news.reason === null ? null : this.#clean(news.reason),
        });
        break;
      case 'noted':
        this.#parts.onNoted(this.#entry.name, news.text);
        break;
      case 'doubted':
        this.#send({ type: 'session.doubted', reason: news.reason, ...this.#now() });
        break;
      case 'failed':
        this.#send({ type: 'session.failed', failure: this.#cleanFailure(news.failure), ...this.#now() });
        break;
      case 'exited':
        this.#tellExit(news.failure);
        this.#send({ type: 'session.exited', failure: this.#cleanFailure(news.failure), ...this.#now() });
        break;
      case 'ended':
        this.#end(news.failure);
        break;
    }
  }

  #ready(lists: Extract<SessionNews, { type: 'ready' }>['lists']): void {
    const { peer } = this.#entry;
    this.#parts.ledger.setLists(this.#entry, lists);
    this.#entry.push ??= true;
    const sizes = sizesOf(this.#entry);
    this.#publish({
      type: 'session.opened',
      transport: peer?.transport ?? 'unknown',
      protocolVersion: peer?.protocolVersion ?? 'unknown',
      ...sizes,
    });
    if (lists.problems.length > 0)
      this.#publish({
        type: 'catalog.changed',
        ...sizes,
        problems: problemsOf(this.#entry).map((problem) => this.#clean(problem)),
      });
    this.#send({ type: 'session.ready', ...this.#now() });
  }

  #asked({ id, method, params }: Extract<SessionNews, { type: 'asked' }>): void {
    const answering = this.#parts.host.answer({ server: this.#entry.name, method, params });
    // The host's errors become answers; the promise does not reject.
    void answering.then((answer) => {
      this.#publish({ type: 'session.asked', method: this.#clean(method), answered: 'result' in answer });
      if (!this.#ended) this.#session.answer(id, answer);
    });
  }

  #end(failure: Failure | null): void {
    this.#ended = true;
    const entry = this.#entry;
    if (failure !== null) this.#tellExit(failure);
    else if (this.#pid !== null) this.#tellExit({ exitCode: null, signal: null });
    entry.session = null;
    entry.push = null;
    this.#publish({ type: 'session.closed', failure: this.#cleanFailure(failure) });
    this.#send({ type: 'session.ended', failure: this.#cleanFailure(failure), ...this.#now() });
    this.#parts.redactor.dropSecrets(`${entry.name}:${this.#generation}`);
    for (const mourner of entry.mourners) mourner();
    entry.mourners.clear();
  }

  #tellExit({ exitCode, signal }: Pick<Failure, 'exitCode' | 'signal'>): void {
    if (this.#exitTold || this.#pid === null) return;
    this.#exitTold = true;
    this.#publish({ type: 'process.exited', pid: this.#pid, exitCode, signal });
  }

  #now() {
    return { generation: this.#generation, ...this.#parts.moments.next() };
  }

  #publish(fact: FactOfActor): void {
    this.#parts.publish({ actor: `server:${this.#entry.name}`, generation: this.#generation, ...fact } as FactBody);
  }

  /**
   * Only what is in somebody's own words: a class or a phase may look like a secret and must stay what it is: the chart
   * decides by it.
   */
  #cleanFailure<Known extends Failure | null>(failed: Known): Known {
    if (failed === null) return failed;
    return {
      ...failed,
      message: this.#clean(failed.message),
      stderrTail: failed.stderrTail.map((line) => this.#clean(line)),
    };
  }

  /** Blanked first: a cut must not leave half a secret. */
  #clean(text: string): string {
    return this.#parts.redactor.text(text).slice(0, maxWordsLength);
  }
}

/** Limits of calls change without a restart: the session reads them anew at each call. */
function withLiveLimits(entry: ServerEntry): ServerSpecification {
  return {
    ...entry.specification,
    get callTimeoutMs() {
      return entry.specification.callTimeoutMs;
    },
    get callMaxMs() {
      return entry.specification.callMaxMs;
    },
    get maxConcurrentCalls() {
      return entry.specification.maxConcurrentCalls;
    },
    get maxQueuedCalls() {
      return entry.specification.maxQueuedCalls;
    },
  };
}

/** As it is written in the configuration: what is expanded may be a secret. */
function commandOf({ specification }: ServerEntry): string {
  return specification.transport === 'stdio' ? [specification.command, ...specification.args].join(' ') : '';
}

function sizesOf({ lists }: ServerEntry) {
  return { tools: lists.tools.length, resources: lists.resources.length, prompts: lists.prompts.length };
}

function problemsOf({ lists }: ServerEntry): readonly string[] {
  const { problems } = lists;
  const told = problems
    .slice(0, toldProblems)
    .map(({ list, index, name, message }) => `${list}[${index}]${name === null ? '' : ` "${name}"`}: ${message}`);
  return problems.length > toldProblems ? [...told, `and ${problems.length - toldProblems} more`] : told;
}
