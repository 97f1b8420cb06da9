/** Why a call went wrong, as its caller is told: with what the chart knows, and without secrets. */

import type { FailureClass } from '../../../machines/failure.ts';
import { isMcpvisorError, McpvisorError } from '../../errors.ts';
import type { Redactor } from '../../observe/secrets/redact.ts';
import type { Words } from '../actors/session/words.ts';
import type { ServerActor } from '../actors/system.ts';
import type { ServerEntry } from '../ledger.ts';
import { notConnectedError } from './waking.ts';

export interface ExplanationOptions {
  readonly actorOf: (server: string) => ServerActor;
  /** The failure that is ending the server's session, or ended it; null: none, or it was stopped on request. */
  readonly causeOf: (server: string) => FailureClass | null;
  /** Makes what a server sent instead of an answer fit to be shown. */
  readonly overheard: Words['overheard'];
  /** Blanks what a server quotes of our headers when it refuses a call. */
  readonly redactor: Pick<Redactor, 'value'>;
}

/** Takes the error of a session's call, gives the one for its caller. */
export type Explain = (entry: ServerEntry, error: unknown) => unknown;

export function createExplain({ actorOf, causeOf, overheard, redactor }: ExplanationOptions): Explain {
  /** The session knows only that it is ending. The chart knows why, and what happens next. */
  function withReasonOfChart(entry: ServerEntry, error: unknown): unknown {
    const { name: server } = entry;
    // The error of a call that could not be sent says why. The chart may learn of it later, or may keep the session.
    const isKnown =
      isMcpvisorError(error, 'SERVER_NOT_CONNECTED') &&
      error.details.state === 'connected' &&
      actorOf(server).getSnapshot().matches('connected');
    if (isMcpvisorError(error, 'CALL_TIMED_OUT') && error.details.heard !== undefined) {
      const heard = overheard(error.details.heard);
      return new McpvisorError('CALL_TIMED_OUT', { ...error.details, heard }, { cause: error.cause });
    }
    if (isMcpvisorError(error, 'SERVER_NOT_CONNECTED'))
      return isKnown ? error : notConnectedError(entry, actorOf(server).getSnapshot());
    const reason = causeOf(server);
    const isEnded = isMcpvisorError(error, 'OUTCOME_UNKNOWN') && error.details.reason === 'stopping';
    return isEnded && reason !== null
      ? new McpvisorError('OUTCOME_UNKNOWN', { ...error.details, reason }, { cause: error })
      : error;
  }

  return (entry, error) => withoutSecrets(redactor, withReasonOfChart(entry, error));
}

/** The refusal of a remote server may echo what was sent to it. Everything else that a server says to a caller is theirs. */
function withoutSecrets(redactor: Pick<Redactor, 'value'>, error: unknown): unknown {
  const isRefusal = isMcpvisorError(error, 'UPSTREAM_ERROR') || isMcpvisorError(error, 'OUTCOME_UNKNOWN');
  if (!isRefusal || error.details.httpStatus === undefined) return error;
  const details = redactor.value(error.details) as typeof error.details;
  return details === error.details ? error : new McpvisorError(error.code, details, { cause: error.cause });
}
