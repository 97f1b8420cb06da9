/** The actor of one session: it opens it, passes on what the chart orders, and has heard what the session tells. */

import { fromCallback } from 'xstate';
import type { SessionOrder } from '../../../machines/server/events.ts';
import type { SessionInput } from '../../../machines/server/setup.ts';
import type { OpenSession, Session, SessionNews } from '../../session/contract.ts';
import type { ClientCapabilities } from '../../session/request.ts';
import type { ServerSpecification } from '../../specification.ts';
import type { ServerEntry } from '../ledger.ts';
import type { Launch } from './launch.ts';
import { SessionListener, type SessionListenerParts } from './session-listener.ts';
import { createTurns, type Turns } from './turns.ts';
import { createUnopened } from './unopened.ts';
import { createWords } from './words.ts';

export interface SessionActorParts extends Omit<SessionListenerParts, 'words'> {
  /** Does not throw. */
  readonly launch: (specification: ServerSpecification) => Launch;
  readonly openSession: OpenSession;
  readonly capabilities: ClientCapabilities;
  readonly onBug: (error: unknown) => void;
}

type Shared = SessionActorParts & SessionListenerParts & { readonly turns: Turns };

export function createSessionActor(parts: SessionActorParts) {
  const shared: Shared = { ...parts, turns: createTurns(), words: createWords(parts.redactor) };
  return fromCallback<SessionOrder, SessionInput>(({ input: { server, generation }, sendBack, receive }) => {
    const entry = parts.ledger.get(server);
    if (entry === undefined) throw new Error(`server "${server}" is not in the ledger`);
    const listener = new SessionListener(shared, { entry, generation, send: sendBack });
    const session = openFor(shared, { entry, generation }, listener);
    listener.opened(session);
    receive((order) => obey(shared, { session, listener }, order));
    return () => {
      // Its chart is gone without having ended it: only a bug does that. Nobody is left to be polite for.
      if (!listener.hasEnded) session.end('kill');
    };
  });
}

function openFor(
  { launch, openSession, redactor, capabilities, turns, onBug }: Shared,
  { entry, generation }: { readonly entry: ServerEntry; readonly generation: number },
  listener: SessionListener,
): Session {
  const { name: server, specification } = entry;
  const launched = launch(specification);
  redactor.addSecrets(listener.secretsOwner, launched.secrets);
  /** A bug in there must not end the transport that tells. */
  const hearSafely = (news: SessionNews): void => {
    try {
      listener.hear(news);
    } catch (error) {
      onBug(error);
    }
  };
  const hear = (news: SessionNews): void => {
    // Many may die at once. The chart hears nothing but `ended` after `exited`, and nothing after `ended`: the order
    // of what it hears stays as it was.
    if (news.type === 'exited' || news.type === 'ended') turns.take(() => hearSafely(news));
    else hearSafely(news);
  };
  if ('failure' in launched) return createUnopened(server, launched.failure, hear);
  return openSession({ server, specification: launched.specification, generation, capabilities }, hear);
}

function obey(
  { turns }: Shared,
  { session, listener }: { readonly session: Session; readonly listener: SessionListener },
  order: SessionOrder,
): void {
  if (listener.hasEnded) return;
  switch (order.type) {
    case 'end':
      // Many may be told at once.
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
