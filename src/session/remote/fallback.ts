/** Which remote transports are tried, in which order, and when the second one is. */

import { type Failure, failure, type Phase } from '../../../machines/failure.ts';
import { remoteFailureOf } from './failure.ts';
import { RemoteError } from './http/error.ts';
import type { RemoteKind } from './peer.ts';

/** The kinds to try, the more likely first. */
export function kindsToTry(transport: RemoteKind | 'auto', url: string): readonly [RemoteKind, ...RemoteKind[]] {
  if (transport !== 'auto') {
    return [transport];
  }
  return URL.canParse(url) && new URL(url).pathname.endsWith('/sse')
    ? ['sse', 'streamable-http']
    : ['streamable-http', 'sse'];
}

const otherTransportStatuses: ReadonlySet<number> = new Set([400, 404, 405]);

/**
 * Whether an error suggests that the server supports the other transport. Refused access, server errors and silence do
 * not.
 */
export function suggestsOther(error: unknown): error is RemoteError {
  if (!(error instanceof RemoteError) || error.refusal.supported !== null) {
    return false;
  }
  const { status, code } = error.refusal;
  // It has named an endpoint for messages: it is of the kind that was tried.
  if (code === 'BAD_ENDPOINT') return false;
  return code === 'NOT_AN_EVENT_STREAM' || (status !== null && otherTransportStatuses.has(status));
}

/**
 * The failure if none of the kinds worked: refused access and server errors stand for themselves; otherwise there is no
 * MCP server there.
 */
export function failureOfAll(refused: readonly RemoteError[], last: unknown, phase: Phase): Failure {
  const final = remoteFailureOf(last, phase);
  const first = refused[0];
  if (first === undefined || (final.class !== 'misconfigured' && final.class !== 'handshakeFailed')) {
    return final;
  }
  return failure(
    'misconfigured',
    `Neither Streamable HTTP nor SSE is spoken there: ${first.message} ${final.message}`,
    { phase, code: first.refusal.status },
  );
}
