/** The actor of one session: opens it, carries out the orders of the chart, and hands its news to a listener. */

import { fromCallback } from 'xstate';
import type { SessionOrder } from '../../../../machines/server/events.ts';
import type { SessionInput } from '../../../../machines/server/session-actions.ts';
import type { OpenSession, Session, SessionNews } from '../../../session/contract.ts';
import type { ClientCapabilities } from '../../../session/request.ts';
import { createUnopened } from '../../../session/unopened.ts';
import type { WorkedSpecifications } from '../../desired/worked.ts';
import type { ServerEntry } from '../../ledger.ts';
import type { Turns } from '../turns.ts';
import type { LaunchSpecification } from './launch.ts';
import { SessionListener, type SessionListenerParts } from './listener.ts';
import { createWords } from './words.ts';

export interface SessionActorParts extends Omit<SessionListenerParts, 'words'> {
  /** Does not throw. */
  readonly launch: LaunchSpecification;
  readonly openSession: OpenSession;
  readonly worked: WorkedSpecifications;
  /** Ends of sessions take turns; `openSession` opens those that begin afterwards. */
  readonly turns: Turns;
  readonly capabilities: ClientCapabilities;
  readonly onError: (error: unknown) => void;
}

type Shared = SessionActorParts & SessionListenerParts;

export function createSessionActor(parts: SessionActorParts) {
  const shared: Shared = { ...parts, words: createWords(parts.redactor) };
  return fromCallback<SessionOrder, SessionInput>(({ input: { server, generation }, sendBack, receive }) => {
    const entry = parts.ledger.get(server);
    if (entry === undefined) throw new Error(`server "${server}" is not in the ledger`);
    const listener = new SessionListener(shared, { entry, generation, send: sendBack });
    const session = openFor(shared, { entry, generation }, listener);
    listener.opened(session);
    receive((order) => carryOut(shared, { session, listener }, order));
    return () => {
      // The chart stopped without ending the session, which only a bug can cause: kill the server.
      if (!listener.hasEnded) session.end('kill');
    };
  });
}

function openFor(
  { launch, expansions, openSession, worked, redactor, capabilities, turns, onError }: Shared,
  { entry, generation }: { readonly entry: ServerEntry; readonly generation: number },
  listener: SessionListener,
): Session {
  const { name: server, specification } = entry;
  const launched = launch(specification);
  expansions.note(entry, launched);
  // When the session is ready, the entry may have another one.
  const noteReady = worked.opened(specification);
  redactor.addSecrets(listener.secretsOwner, launched.secrets);
  const onNews = (news: SessionNews): void => {
    if (news.type === 'ready') noteReady();
    // Many servers may die at the same time: each is told to be gone before anything is done about one of them. Only
    // `ended` follows `exited`, and nothing follows `ended`, so delaying these two does not change the order of the news.
    if (news.type === 'exited' || news.type === 'ended') turns.next(() => handleSafely(listener, news, onError));
    else handleSafely(listener, news, onError);
  };
  if ('failure' in launched) return createUnopened(server, launched.failure, onNews);
  return openSession({ server, specification: launched.specification, generation, capabilities }, onNews);
}

/** A bug in the listener must not end the session's transport. */
function handleSafely(listener: SessionListener, news: SessionNews, onError: (error: unknown) => void): void {
  try {
    listener.handle(news);
  } catch (error) {
    onError(error);
  }
}

function carryOut(
  { turns }: Shared,
  { session, listener }: { readonly session: Session; readonly listener: SessionListener },
  order: SessionOrder,
): void {
  if (listener.hasEnded) return;
  switch (order.type) {
    case 'end':
      // Many sessions may be ended at the same time.
      turns.take(() => session.end(order.kind));
      break;
    case 'report':
      session.report(order.question);
      break;
    case 'probe':
      // It never rejects.
      void session.probe(order.kind).then((latencyMs) => listener.probed(order.kind, latencyMs));
      break;
  }
}
