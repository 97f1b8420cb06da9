/** Sends a call through the open session of its server, which is started for it if a call may do so, and counts it. */

import { isMcpvisorError } from '../../errors.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import type { Session } from '../../session/contract.ts';
import type { ServerActor } from '../actors/system.ts';
import type { Answered, CallOptions } from '../contract.ts';
import type { ServerEntry } from '../ledger.ts';
import type { Explain } from './explanation.ts';
import { notConnectedError, type Waking } from './waking.ts';

export interface PerformingOptions {
  readonly actorOf: (server: string) => ServerActor;
  readonly waking: Waking;
  readonly publish: PublishFact;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Resolves when the charts know all that has happened so far; null: they do. */
  readonly caughtUp: () => Promise<void> | null;
}

type Perform = (entry: ServerEntry, call: Call) => Promise<unknown>;

export interface Call {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>> | undefined;
  readonly tool: string | null;
  readonly options: CallOptions | undefined;
  /** When the call was made, by `now`: before a lazy server was started for it. */
  readonly askedAt: number;
}

interface SentCall {
  readonly call: Call;
  readonly callId: number;
  readonly generation: number;
  /** By `now`. */
  readonly sentAt: number;
}

export function createPerform(
  { actorOf, waking, publish, now, caughtUp }: PerformingOptions,
  explain: Explain,
): Perform {
  let lastCallId = 0;

  /** Not async: a call that can be sent at once costs no promise besides the session's. */
  function liveSession(entry: ServerEntry): Session | null {
    const { session } = entry.reported;
    return session !== null && actorOf(entry.name).getSnapshot().matches('connected') ? session : null;
  }

  function perform(entry: ServerEntry, call: Call): Promise<unknown> {
    const session = liveSession(entry);
    if (session !== null) return send(entry, session, call);
    return waking.wake(entry, call.options).then((restMs) => {
      const woken = liveSession(entry);
      if (woken === null) throw notConnectedError(entry, actorOf(entry.name).getSnapshot());
      return send(entry, woken, {
        ...call,
        options: { ...call.options, ...(restMs !== null && { timeoutMs: restMs }) },
      });
    });
  }

  function send(entry: ServerEntry, session: Session, call: Call): Promise<unknown> {
    const { method, params, tool, options } = call;
    lastCallId += 1;
    const sent: SentCall = { call, callId: lastCallId, generation: entry.reported.generation, sentAt: now() };
    entry.counts.made += 1;
    entry.counts.open += 1;
    const { callId, generation } = sent;
    publish({ type: 'call.started', actor: entry.actor, generation, callId, method, tool });
    return session.request(method, params, options).then(
      (result) => {
        settled(entry, sent, 'ok');
        if (options?.onAnswered !== undefined)
          notifyAnswered(options.onAnswered, { durationMs: Math.round(now() - call.askedAt), generation });
        return result;
      },
      async (error: unknown) => {
        entry.counts.failed += 1;
        settled(entry, sent, isMcpvisorError(error) ? error.code : 'INTERNAL');
        // A caller who learns from this that the session has ended must find its server in a state that says so, too.
        await caughtUp();
        throw explain(entry, error);
      },
    );
  }

  function settled({ actor, counts }: ServerEntry, { call, callId, generation, sentAt }: SentCall, outcome: string) {
    counts.open -= 1;
    const { method, tool } = call;
    publish({
      type: 'call.settled',
      actor,
      generation,
      callId,
      method,
      tool,
      outcome,
      durationMs: now() - sentAt,
    });
  }

  return perform;
}

/** A bug in the caller's callback must not affect the call. */
function notifyAnswered(onAnswered: NonNullable<CallOptions['onAnswered']>, answered: Answered): void {
  try {
    onAnswered(answered);
  } catch {
    // A library has nowhere to report it.
  }
}
