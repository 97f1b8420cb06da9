/** The end that holds the sessions: it carries out orders, and tells news and answers. */

import { type CancellationToken, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import { type Failure, failure } from '../../../../machines/failure.ts';
import { isMcpvisorError, McpvisorError } from '../../../errors.ts';
import { parseJsonText, toJsonText } from '../../../text/json-text.ts';
import type { Answer, OpenSession, Progress, SessionNews } from '../../contract.ts';
import { freeOutlet, type Outlet } from '../../outlet.ts';
import type { SessionRequest } from '../../request.ts';
import {
  adoptOrder,
  answerOrder,
  type ErrorData,
  endOrder,
  type HeldSession,
  limitOrder,
  notifyOrder,
  openOrder,
  probeOrder,
  progressNews,
  type RequestOrder,
  reportOrder,
  requestOrder,
  type SessionId,
  sessionNews,
} from '../protocol.ts';
import { Held } from './held-session.ts';
import { endByLadder } from './ladder.ts';

type Params = Readonly<Record<string, unknown>>;

/** The code of every error that is a `McpvisorError`; what it is says its data. */
const failedCode = -32_000;

interface Caller {
  readonly connection: MessageConnection;
  /** Its calls that have not settled. */
  readonly calls: Set<AbortController>;
}

export interface FarEnd {
  readonly sessions: readonly HeldSession[];
  /**
   * Takes orders from this connection instead of any before, and tells it what happens from now on. `onClaimed`: called
   * with each session that it asks for of those that were kept for it.
   */
  serve(connection: MessageConnection, onClaimed?: () => void): void;
  /** Ends every session but these, in its own time. Resolves when they are gone. */
  endAllBut(keep: readonly SessionId[]): Promise<void>;
  /** Ends every session, and opens no more. */
  endAll(): Promise<void>;
  /** Ends those that were kept for a control plane which has not asked for them. */
  endUnclaimed(): void;
}

/** `outlet`: how the connection takes what is told. */
export function createFarEnd(open: OpenSession, outlet: Outlet = freeOutlet): FarEnd {
  const sessions = new Map<SessionId, Held>();
  /** Not opened yet: something of the server is left. False: its end was asked for meanwhile. */
  const awaited = new Map<SessionId, boolean>();
  let listener: MessageConnection | null = null;
  /** No session is opened any more. */
  let isOver = false;

  function tellTo(id: SessionId): ((news: SessionNews) => void) | null {
    const connection = listener;
    if (connection === null) return null;
    // It never rejects: nothing is written to a connection that is closed.
    return (news) => void connection.sendNotification(sessionNews, { id, news: toJsonText(news) });
  }

  /** A server never runs twice: what an earlier control plane left of it is ended first. */
  async function openOne(id: SessionId, request: SessionRequest): Promise<void> {
    const before = [...sessions.values()].filter((held) => held.described.server === request.server);
    if (isOver) return tellTo(id)?.({ type: 'ended', failure: ending() });
    if (before.length > 0) {
      awaited.set(id, true);
      await Promise.all(before.map(endByLadder));
      const isWanted = awaited.get(id) === true;
      awaited.delete(id);
      if (!isWanted) {
        tellTo(id)?.({ type: 'ended', failure: null });
        return;
      }
    }
    const held = new Held(request, { open: (tell) => open(request, tell), listener: () => tellTo(id), outlet });
    sessions.set(id, held);
    await held.ended;
    if (sessions.get(id) === held) sessions.delete(id);
  }

  async function endAllBut(keep: readonly SessionId[]): Promise<void> {
    const kept = new Set(keep);
    const over = [...sessions.values()].filter((held) => !kept.has(held.id));
    for (const held of sessions.values()) held.isClaimed = false;
    // The control plane that asked for them has been told that they are lost.
    for (const id of awaited.keys()) awaited.set(id, false);
    await Promise.all(over.map(endByLadder));
  }

  async function request({ connection, calls }: Caller, order: RequestOrder, token: CancellationToken) {
    const { id, server, method, params, meta, timeoutMs, progress } = order;
    const held = sessions.get(id);
    if (held === undefined) throw toResponse(gone(server));
    const cancelled = new AbortController();
    if (token.isCancellationRequested) cancelled.abort();
    token.onCancellationRequested(() => cancelled.abort());
    calls.add(cancelled);
    const onProgress = (said: Progress) => void connection.sendProgress(progressNews, progress ?? 0, toJsonText(said));
    try {
      const result = await held.session.request(method, toParams(params), {
        signal: cancelled.signal,
        ...(timeoutMs !== null && { timeoutMs }),
        ...(meta !== null && { meta: toParams(meta) ?? {} }),
        ...(progress !== null && { onProgress }),
      });
      // Undefined only of an answer that has no result.
      return toJsonText(result) ?? 'null';
    } catch (error) {
      throw isMcpvisorError(error) ? toResponse(error) : error;
    } finally {
      calls.delete(cancelled);
    }
  }

  return {
    get sessions() {
      return [...sessions.values()].map((held) => held.described);
    },
    serve(connection, onClaimed = () => {}) {
      listener = connection;
      const calls = new Set<AbortController>();
      connection.onClose(() => {
        if (listener === connection) listener = null;
        // Nobody is left who could take the answers.
        for (const call of calls) call.abort();
      });
      const heldOf = ({ id }: { readonly id: SessionId }) => sessions.get(id);
      connection.onNotification(openOrder, ({ id, request: asked }) => void openOne(id, asked));
      connection.onNotification(adoptOrder, (order) => {
        const held = heldOf(order);
        if (held === undefined) return tellTo(order.id)?.({ type: 'ended', failure: null });
        held.session.limit(order.limits);
        held.claim();
        onClaimed();
      });
      connection.onRequest(requestOrder, (order, token) => request({ connection, calls }, order, token));
      connection.onRequest(
        probeOrder,
        (order) => heldOf(order)?.probe(order.kind) ?? Promise.reject(new Error('There is no such session.')),
      );
      connection.onNotification(notifyOrder, (order) =>
        heldOf(order)?.session.notify(order.method, toParams(order.params)),
      );
      connection.onNotification(endOrder, ({ id, kind }) => {
        if (awaited.has(id)) awaited.set(id, false);
        sessions.get(id)?.end(kind);
      });
      connection.onNotification(reportOrder, (order) => heldOf(order)?.session.report(order.question));
      connection.onNotification(limitOrder, (order) => heldOf(order)?.session.limit(order.limits));
      connection.onNotification(answerOrder, (order) =>
        heldOf(order)?.answer(order.to, parseJsonText(order.answer) as Answer),
      );
    },
    endAllBut,
    endAll() {
      isOver = true;
      return endAllBut([]);
    },
    endUnclaimed() {
      for (const held of sessions.values()) if (!held.isClaimed) void endByLadder(held);
    },
  };
}

function ending(): Failure {
  return failure('clientLost', 'The client process is ending.', { phase: null });
}

function gone(server: string): McpvisorError {
  return new McpvisorError('SERVER_NOT_CONNECTED', { server, state: 'stopping', nextRetryAt: null, reason: null });
}

function toParams(text: string | null): Params | undefined {
  return text === null ? undefined : (parseJsonText(text) as Params);
}

function toResponse({ code, message, details }: McpvisorError): ResponseError<ErrorData> {
  return new ResponseError(failedCode, message, { code, details: toJsonText(details) });
}
