/** The end that asks for sessions: which there are, over the connections to one client process after another. */

import type { MessageConnection } from 'vscode-jsonrpc/node';
import { type Failure, failure } from '../../../../machines/failure.ts';
import { parseJsonText } from '../../../text/json-text.ts';
import type { OpenSession, SessionNews } from '../../contract.ts';
import type { SessionRequest } from '../../request.ts';
import { createUnopened } from '../../unopened.ts';
import { hashOf } from '../proof.ts';
import { type HeldSession, type SessionId, sessionIdOf, sessionNews } from '../protocol.ts';
import { FarSession, type Wire } from './far-session.ts';

export interface NearEnd {
  readonly open: OpenSession;
  /** Calls that have not settled. */
  readonly callsInFlight: number;
  /** No call is made any more until the next `attach`. Resolves when none is in flight. */
  drain(): Promise<void>;
  /** Which of the sessions that the client process holds are to stay. */
  keepOf(held: readonly HeldSession[]): readonly SessionId[];
  /** From now on everything goes over this connection, on which these sessions are kept. */
  attach(connection: MessageConnection, kept: readonly HeldSession[]): void;
  /** The connection is lost, the sessions perhaps not. */
  detach(): void;
  /** Servers whose sessions were opened and are not ready yet. */
  readonly starting: readonly string[];
  /** Every session has ended, for this reason. */
  lose(reasonOf: (server: string) => Failure): void;
  /** The number that the next session of this server has to be above. */
  generationBefore(server: string): number;
  noteGenerations(generations: readonly (readonly [string, number])[]): void;
}

/** What a session of this server would be opened with now. Null: none is to be opened. */
export type WouldOpen = (server: string) => Pick<SessionRequest, 'specification' | 'capabilities'> | null;

/** Of the sessions that an earlier control plane opened, those are kept that this one would open. */
export function createNearEnd(wouldOpen: WouldOpen): NearEnd {
  const sessions = new Map<SessionId, FarSession>();
  /** Sessions of an earlier control plane that nobody here has asked for yet. */
  const unclaimed = new Map<SessionId, HeldSession>();
  const generations = new Map<string, number>();
  let tokens = 0;
  let calls = 0;
  let isDraining = false;
  let drained: (() => void)[] = [];
  let connection: MessageConnection | null = null;
  const wire: Wire = {
    get connection() {
      return connection;
    },
    nextToken() {
      tokens += 1;
      return tokens;
    },
    beginCall() {
      if (isDraining) return null;
      calls += 1;
      return () => {
        calls -= 1;
        if (calls > 0) return;
        for (const resolve of drained) resolve();
        drained = [];
      };
    },
  };

  function mayKeep({ server, hash, isReady }: HeldSession): boolean {
    const wanted = isReady ? wouldOpen(server) : null;
    return wanted !== null && hashOf(wanted) === hash;
  }

  function hear(id: SessionId, news: SessionNews): void {
    if (news.type === 'ended') unclaimed.delete(id);
    const session = sessions.get(id);
    if (news.type === 'ended') sessions.delete(id);
    session?.hear(news);
  }

  function open(request: SessionRequest, tell: (news: SessionNews) => void) {
    const { server, generation } = request;
    const id = sessionIdOf(request);
    if (connection === null) return createUnopened(server, lost('The client process is not there.'), tell);
    const held = unclaimed.get(id);
    unclaimed.delete(id);
    const isTaken = generation <= (generations.get(server) ?? 0);
    // The client process ends what it still holds of a server before it opens the next one.
    if (isTaken && held?.hash !== hashOf(request))
      return createUnopened(server, lost('Its session was of another configuration, or is gone.'), tell);
    const session = new FarSession(wire, request, tell);
    sessions.set(id, session);
    generations.set(server, Math.max(generation, generations.get(server) ?? 0));
    // After its caller has got it.
    setImmediate(() => {
      if (isTaken) session.adopt();
      else if (session.endAsked) hear(id, { type: 'ended', failure: null });
      else session.open();
    });
    return session;
  }

  return {
    open,
    get callsInFlight() {
      return calls;
    },
    drain() {
      isDraining = true;
      if (calls === 0) return Promise.resolve();
      return new Promise((resolve) => {
        drained.push(resolve);
      });
    },
    keepOf: (held) => held.filter((one) => sessions.has(one.id) || mayKeep(one)).map(({ id }) => id),
    attach(given, kept) {
      connection = given;
      isDraining = false;
      given.onNotification(sessionNews, ({ id, news }) => {
        if (connection === given) hear(id, parseJsonText(news) as SessionNews);
      });
      const ids = new Set(kept.map(({ id }) => id));
      for (const session of sessions.values()) {
        if (ids.has(session.id)) session.adopt();
        else {
          sessions.delete(session.id);
          session.lose(lost('It ended while nobody could be told.'));
        }
      }
      unclaimed.clear();
      for (const one of kept) if (!sessions.has(one.id)) unclaimed.set(one.id, one);
    },
    detach() {
      connection = null;
    },
    get starting() {
      return [...sessions.values()].flatMap((session) => (session.isStarting ? [session.server] : []));
    },
    lose(reasonOf) {
      connection = null;
      unclaimed.clear();
      const all = [...sessions.values()];
      sessions.clear();
      for (const session of all) session.lose(reasonOf(session.server));
    },
    generationBefore(server) {
      const kept = [...unclaimed.values()].filter((one) => one.server === server);
      const known = generations.get(server) ?? 0;
      return kept.some(({ generation }) => generation === known) ? known - 1 : known;
    },
    noteGenerations(given) {
      for (const [server, generation] of given)
        generations.set(server, Math.max(generation, generations.get(server) ?? 0));
    },
  };
}

function lost(message: string): Failure {
  return failure('clientLost', message, { phase: null });
}
