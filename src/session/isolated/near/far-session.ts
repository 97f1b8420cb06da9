/** A session like any other, which is held by the client process. */

import { isDeepStrictEqual } from 'node:util';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { type Failure, failure } from '../../../../machines/failure.ts';
import { McpvisorError } from '../../../errors.ts';
import { toJsonText } from '../../../text/json-text.ts';
import { unwritableError } from '../../calls/call.ts';
import type { Answer, EndKind, Lists, ProbeKind, RequestOptions, Session, SessionNews } from '../../contract.ts';
import type { CallLimits, SessionRequest } from '../../request.ts';
import {
  adoptOrder,
  answerOrder,
  endOrder,
  limitOrder,
  notifyOrder,
  openOrder,
  probeOrder,
  type RequestOrder,
  reportOrder,
  type SessionId,
  sessionIdOf,
} from '../protocol.ts';
import { callOver } from './calling.ts';

type Params = Readonly<Record<string, unknown>>;
type NewsOf<Type extends SessionNews['type']> = Extract<SessionNews, { readonly type: Type }>;

/** What all sessions of a client process share. */
export interface Wire {
  /** Null: it is lost, or not there yet. */
  readonly connection: MessageConnection | null;
  /** A token for the progress of one call. */
  nextToken(): number;
  /** Called when a call is made, and returns what is called when it has settled. Null: no call may be made any more. */
  beginCall(): (() => void) | null;
}

export class FarSession implements Session {
  readonly server: string;
  readonly id: SessionId;
  readonly #wire: Wire;
  readonly #request: SessionRequest;
  readonly #tell: (news: SessionNews) => void;
  /** What has been told once is not told again when the session is taken over another connection. */
  readonly #told = new Set<SessionNews['type']>();
  /** Of its server, and not answered. */
  readonly #asked = new Set<string | number>();
  /** Given while there was no connection: they are sent when they are asked for again. */
  readonly #answers = new Map<string | number, Answer>();
  #lists: Lists | null = null;
  #limits: CallLimits;
  #endKind: EndKind | null = null;
  /** Why it ended; null: because it was asked to. Undefined: it has not. */
  #ending: Failure | null | undefined;

  constructor(wire: Wire, request: SessionRequest, tell: (news: SessionNews) => void) {
    this.#wire = wire;
    this.#request = request;
    this.#tell = tell;
    this.#limits = request.specification.limits;
    this.server = request.server;
    this.id = sessionIdOf(request);
  }

  /** Whether it has been opened and is not ready yet. */
  get isStarting(): boolean {
    return !this.#told.has('ready') && !this.#told.has('failed') && !this.#told.has('exited');
  }

  /** Has the client process open it. */
  open(): void {
    this.#notify((connection) => connection.sendNotification(openOrder, { id: this.id, request: this.#request }));
  }

  /** Takes over a session that the client process holds: what holds of it is told again. */
  adopt(): void {
    this.#notify((connection) => connection.sendNotification(adoptOrder, { id: this.id, limits: this.#limits }));
    // It may have got lost with the connection before.
    if (this.#endKind !== null) this.end(this.#endKind);
  }

  get endAsked(): boolean {
    return this.#endKind !== null;
  }

  hear(news: SessionNews): void {
    const isRepeated = this.#told.has(news.type);
    this.#told.add(news.type);
    switch (news.type) {
      case 'ended':
        this.#hearEnd(news);
        break;
      case 'ready':
      case 'listed':
        if (!isRepeated || !isDeepStrictEqual(news.lists, this.#lists))
          this.#tell(isRepeated ? { type: 'listed', lists: news.lists } : news);
        this.#lists = news.lists;
        break;
      case 'asked':
        this.#hearAsked(news);
        break;
      default:
        if (!(isRepeated && isToldOnce(news.type))) this.#tell(news);
    }
  }

  /** The far end may have had reasons of its own to end it; for a control plane that did not ask for it, it is lost. */
  #hearEnd(news: NewsOf<'ended'>): void {
    const failure = news.failure ?? (this.#endKind === null ? endedByItself() : null);
    this.#ending = failure;
    this.#tell({ ...news, failure });
  }

  /** What is open is told again over each new connection. */
  #hearAsked(news: NewsOf<'asked'>): void {
    const { id } = news;
    const answer = this.#answers.get(id);
    if (answer !== undefined) this.answer(id, answer);
    else if (!this.#asked.has(id)) {
      this.#asked.add(id);
      this.#tell(news);
    }
  }

  /** Nothing of it is left, or nobody can tell. */
  lose(failure: Failure): void {
    this.hear({ type: 'ended', failure: this.#endKind === null ? failure : null });
  }

  async request(method: string, params: Params | undefined, options: RequestOptions = {}): Promise<unknown> {
    const { server } = this;
    if (options.signal?.aborted === true) throw new McpvisorError('CALL_CANCELLED', { server, method });
    if (this.#ending !== undefined) throw notConnected(server, 'stopping', this.#ending);
    if (!this.#told.has('ready')) throw notConnected(server, 'starting', null);
    const order = this.#orderOf(method, params, options);
    const { connection } = this.#wire;
    const settle = connection === null ? null : this.#wire.beginCall();
    if (connection === null || settle === null) throw notConnected(server, 'stopping', clientLost);
    try {
      return await callOver(connection, order, options);
    } finally {
      settle();
    }
  }

  /** Rejects never: if the connection is lost, nobody answers. */
  probe(kind: ProbeKind): Promise<number> {
    const never = () => new Promise<number>(() => {});
    return this.#wire.connection?.sendRequest(probeOrder, { id: this.id, kind }).catch(never) ?? never();
  }

  notify(method: string, params?: Params): void {
    const text = params === undefined ? null : toJsonText(params);
    this.#notify((connection) => connection.sendNotification(notifyOrder, { id: this.id, method, params: text }));
  }

  end(kind: EndKind): void {
    this.#endKind = kind;
    this.#notify((connection) => connection.sendNotification(endOrder, { id: this.id, kind }));
  }

  report(question: number): void {
    this.#notify((connection) => connection.sendNotification(reportOrder, { id: this.id, question }));
  }

  limit(limits: CallLimits): void {
    this.#limits = limits;
    this.#notify((connection) => connection.sendNotification(limitOrder, { id: this.id, limits }));
  }

  answer(to: string | number, answer: Answer): void {
    this.#asked.delete(to);
    if (this.#wire.connection === null) this.#answers.set(to, answer);
    else this.#answers.delete(to);
    const text = toJsonText(answer);
    this.#notify((connection) => connection.sendNotification(answerOrder, { id: this.id, to, answer: text }));
  }

  /** What cannot be sent is not: how the session goes on is learned when the connection is back, or not at all. */
  #notify(send: (connection: MessageConnection) => Promise<void>): void {
    const { connection } = this.#wire;
    if (connection !== null) send(connection).catch(() => {});
  }

  /** Throws `INVALID_REQUEST`. */
  #orderOf(method: string, params: Params | undefined, { timeoutMs, meta, onProgress }: RequestOptions): RequestOrder {
    try {
      return {
        id: this.id,
        server: this.server,
        method,
        params: params === undefined ? null : toJsonText(params),
        meta: meta === undefined ? null : toJsonText(meta),
        timeoutMs: timeoutMs ?? null,
        progress: onProgress === undefined ? null : this.#wire.nextToken(),
      };
    } catch (error) {
      throw unwritableError([params, meta], error) ?? error;
    }
  }
}

function isToldOnce(type: SessionNews['type']): boolean {
  return ['spawned', 'initialized', 'failed', 'exited', 'gone'].includes(type);
}

function endedByItself(): Failure {
  return failure('clientLost', 'It was ended by the client process.', { phase: null });
}

const clientLost = { class: 'clientLost' } as const;

function notConnected(
  server: string,
  state: 'starting' | 'stopping',
  failure: Pick<Failure, 'class'> | null,
): McpvisorError {
  const reason = failure?.class ?? null;
  return new McpvisorError('SERVER_NOT_CONNECTED', { server, state, nextRetryAt: null, reason });
}
