/**
 * The actor of one session: it opens it, and what the session tells becomes events for the chart, facts, lines of logs,
 * and the server's `SessionFacts`. What a server said becomes none of these without its secrets blanked.
 */

import { fromCallback } from 'xstate';
import type { Failure } from '../../../machines/failure.ts';
import type { ServerEvent, SessionOrder } from '../../../machines/server/events.ts';
import type { SessionInput } from '../../../machines/server/setup.ts';
import type { FactBody, FactOfActor, PublishFact } from '../../observe/facts/fact.ts';
import type { Redactor } from '../../observe/secrets/redact.ts';
import type { LogStream } from '../../observe/server-logs/line.ts';
import type { Lists, OpenSession, Peer, Session, SessionNews } from '../../session/contract.ts';
import type { ClientCapabilities } from '../../session/request.ts';
import type { ServerSpecification } from '../../specification.ts';
import type { Host } from '../host.ts';
import type { Ledger, ServerEntry } from '../ledger.ts';
import { noLoad, type SessionFacts } from '../session-facts.ts';
import type { Launch } from './launch.ts';
import type { Moments } from './moments.ts';
import { createTurns, type Turns } from './turns.ts';
import { createUnopened } from './unopened.ts';
import { createWords, type Words } from './words.ts';

export interface SessionActorParts {
  /** Does not throw. */
  readonly launch: (specification: ServerSpecification) => Launch;
  readonly openSession: OpenSession;
  readonly ledger: Ledger;
  readonly publish: PublishFact;
  readonly redactor: Redactor;
  readonly moments: Moments;
  readonly host: Host;
  /** What a server wrote on stderr, and what was odd about what it said on the wire. */
  readonly onLine: (server: string, stream: LogStream, text: string) => void;
  readonly capabilities: ClientCapabilities;
  readonly onBug: (error: unknown) => void;
}

type Send = (event: ServerEvent) => void;
type NewsOf<Type extends SessionNews['type']> = Extract<SessionNews, { readonly type: Type }>;

/** Bad items of lists that are told one by one. */
const toldProblems = 100;

export function createSessionActor(parts: SessionActorParts) {
  const shared = { ...parts, turns: createTurns(), words: createWords(parts.redactor) };
  return fromCallback<SessionOrder, SessionInput>(({ input, sendBack, receive }) => {
    const entry = parts.ledger.get(input.server);
    if (entry === undefined) throw new Error(`server "${input.server}" is not in the ledger`);
    const actor = new SessionActor(shared, entry, { generation: input.generation, send: sendBack as Send });
    receive((order) => actor.obey(order));
    return () => actor.abandon();
  });
}

class SessionActor {
  readonly #parts: SessionActorParts & { readonly turns: Turns; readonly words: Words };
  readonly #entry: ServerEntry;
  readonly #generation: number;
  readonly #send: Send;
  readonly #session: Session;
  #pid: number | null = null;
  #exitTold = false;
  #ended = false;

  constructor(
    parts: SessionActorParts & { readonly turns: Turns; readonly words: Words },
    entry: ServerEntry,
    { generation, send }: { readonly generation: number; readonly send: Send },
  ) {
    this.#parts = parts;
    this.#entry = entry;
    this.#generation = generation;
    this.#send = send;
    this.#session = this.#open();
    const { generation: highest, lives } = entry.told;
    this.#tell({ session: this.#session, generation: Math.max(highest, generation), lives: lives + 1 });
  }

  obey(order: SessionOrder): void {
    if (this.#ended) return;
    switch (order.type) {
      case 'end':
        // Many may be told at once.
        this.#parts.turns.take(() => this.#session.end(order.kind));
        break;
      case 'report':
        this.#session.report(order.question);
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

  #open(): Session {
    const { launch, openSession, redactor, capabilities, turns } = this.#parts;
    const { name: server, specification } = this.#entry;
    const launched = launch(specification);
    redactor.addSecrets(this.#secretsOwner, launched.secrets);
    const hear = (news: SessionNews): void => {
      // Many may die at once. The chart hears nothing but `ended` after `exited`, and nothing after `ended`: the order
      // of what it hears stays as it was.
      if (news.type === 'exited' || news.type === 'ended') turns.take(() => this.#hearSafely(news));
      else this.#hearSafely(news);
    };
    if ('failure' in launched) return createUnopened(server, launched.failure, hear);
    const { specification: expanded } = launched;
    return openSession({ server, specification: expanded, generation: this.#generation, capabilities }, hear);
  }

  get #secretsOwner(): string {
    return `${this.#entry.name}:${this.#generation}`;
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
    const { words, onLine } = this.#parts;
    const { name: server } = this.#entry;
    switch (news.type) {
      case 'spawned':
        this.#pid = news.pid;
        if (news.pid !== null)
          this.#publish({ type: 'process.spawned', pid: news.pid, command: commandOf(this.#entry) });
        this.#send({ type: 'session.spawned', pid: news.pid, ...this.#now() });
        break;
      case 'initialized':
        this.#initialized(news.peer);
        break;
      case 'ready':
        this.#ready(news.lists);
        break;
      case 'listed':
        this.#listed(news.lists);
        break;
      case 'notified':
        this.#publish({ type: 'session.notified', method: words.text(news.method) });
        this.#parts.host.notified({ server, method: news.method, params: news.params });
        break;
      case 'asked':
        this.#asked(news);
        break;
      case 'push':
        this.#pushes(news);
        break;
      case 'stderr':
        for (const line of news.lines) onLine(server, 'stderr', words.line(line));
        break;
      case 'noted':
        onLine(server, 'protocol', words.note(news.text));
        break;
      case 'loaded':
        this.#tell({ load: { inFlight: news.inFlight, queued: news.queued } });
        break;
      case 'signalled':
        if (this.#pid !== null) this.#publish({ type: 'process.killed', pid: this.#pid, signal: news.signal });
        break;
      case 'heard': {
        const { type: _, ...heard } = news;
        this.#send({ type: 'session.heard', ...heard, ...this.#now() });
        break;
      }
      case 'doubted':
        this.#send({ type: 'session.doubted', reason: words.text(news.reason), ...this.#now() });
        break;
      case 'failed':
        this.#send({ type: 'session.failed', failure: words.failure(news.failure), ...this.#now() });
        break;
      case 'exited':
        this.#tellExit(news.failure);
        this.#send({ type: 'session.exited', failure: words.failure(news.failure), ...this.#now() });
        break;
      case 'ended':
        this.#end(news.failure);
        break;
    }
  }

  #initialized(peer: Peer): void {
    const serverInfo = this.#parts.redactor.value(peer.serverInfo) as Peer['serverInfo'];
    this.#tell({ peer: { ...peer, serverInfo } });
    this.#send({ type: 'session.initialized', ...this.#now() });
  }

  #ready(lists: Lists): void {
    const { peer, push } = this.#entry.told;
    this.#tell({ lists, push: push ?? true });
    const sizes = sizesOf(this.#entry);
    this.#publish({
      type: 'session.opened',
      transport: peer?.transport ?? 'unknown',
      protocolVersion: peer?.protocolVersion ?? 'unknown',
      ...sizes,
    });
    if (lists.problems.length > 0) this.#tellCatalog();
    this.#send({ type: 'session.ready', ...this.#now() });
  }

  #listed(lists: Lists): void {
    this.#tell({ lists });
    this.#tellCatalog();
  }

  #tellCatalog(): void {
    const problems = problemsOf(this.#entry).map((problem) => this.#parts.words.text(problem));
    this.#publish({ type: 'catalog.changed', ...sizesOf(this.#entry), problems });
  }

  #pushes({ available, reason }: NewsOf<'push'>): void {
    this.#tell({ push: available });
    this.#publish({
      type: 'session.push',
      available,
      reason: reason === null ? null : this.#parts.words.text(reason),
    });
  }

  #asked({ id, method, params }: NewsOf<'asked'>): void {
    const answering = this.#parts.host.answer({ server: this.#entry.name, method, params });
    // The host's errors become answers; the promise does not reject.
    void answering.then((answer) => {
      this.#publish({ type: 'session.asked', method: this.#parts.words.text(method), answered: 'result' in answer });
      if (!this.#ended) this.#session.answer(id, answer);
    });
  }

  #end(reason: Failure | null): void {
    this.#ended = true;
    const { waiters } = this.#entry;
    const failure = this.#parts.words.failure(reason);
    if (failure !== null) this.#tellExit(failure);
    else if (this.#pid !== null) this.#tellExit({ exitCode: null, signal: null });
    this.#tell({ session: null, push: null, load: noLoad });
    this.#publish({ type: 'session.closed', failure });
    this.#send({ type: 'session.ended', failure, ...this.#now() });
    this.#parts.redactor.dropSecrets(this.#secretsOwner);
    for (const waiter of waiters) waiter();
    waiters.clear();
  }

  #tellExit({ exitCode, signal }: Pick<Failure, 'exitCode' | 'signal'>): void {
    if (this.#exitTold || this.#pid === null) return;
    this.#exitTold = true;
    this.#publish({ type: 'process.exited', pid: this.#pid, exitCode, signal });
  }

  #tell(told: Partial<SessionFacts>): void {
    this.#entry.told = Object.freeze({ ...this.#entry.told, ...told });
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

function problemsOf({ told: { lists } }: ServerEntry): readonly string[] {
  const { problems } = lists;
  const told = problems
    .slice(0, toldProblems)
    .map(({ list, index, name, message }) => `${list}[${index}]${name === null ? '' : ` "${name}"`}: ${message}`);
  return problems.length > toldProblems ? [...told, `and ${problems.length - toldProblems} more`] : told;
}
