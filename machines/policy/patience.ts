/**
 * For how long a failure that no restart can fix is tried again all the same: one answer is no verdict. A router answers
 * for a server that is being replaced, and a command is missing while its package is updated.
 */

import { type Failure, isPermanent, missingSecretCode } from '../failure.ts';

/** What is known of a server when it fails. */
export interface Past {
  /** Whether the life that ended was stable. */
  readonly stable: boolean;
  /** Whether it has been connected with this specification. */
  readonly worked: boolean;
  /** Whether it is reached over a network, where something else may answer in its place. */
  readonly remote: boolean;
  /** Whether its credentials are not those any more that were refused, so that they are tried at once. */
  readonly renewed: boolean;
}

/** For a server that has worked with its specification, in milliseconds: a deployment takes minutes. */
const workedMs = 600_000;

/** For a remote server that has not worked yet, if something answered at its address, in milliseconds. */
const unprovenMs = 60_000;

/**
 * In milliseconds, from the first such failure in a row. `unreachable` and `shortage` are tried for ever. 0: the failure
 * is not tried again for this reason. An exit code that is permanent by the operator's word is permanent.
 */
export function patienceMsOf(failure: Failure, { worked, remote }: Past): number {
  if (isPatient(failure)) return Number.POSITIVE_INFINITY;
  // Nothing was tried: it is looked for instead.
  if (failure.class === 'exited' || failure.code === missingSecretCode) return 0;
  // Something else than the server answered the handshake. Of one that never worked, that is counted.
  if (failure.class === 'handshakeFailed') return worked && remote ? workedMs : 0;
  if (!isPermanent(failure, [])) return 0;
  if (worked) return workedMs;
  return remote && isAnswered(failure) ? unprovenMs : 0;
}

/** Whether it is tried again for ever: a host that cannot be reached, a machine without room for another process. */
export function isPatient({ class: failureClass }: Failure): boolean {
  return failureClass === 'unreachable' || failureClass === 'shortage';
}

/** Whether the server is away rather than wrong: it is tried again, and the failure does not count. */
export function isAway(failure: Failure, past: Past): boolean {
  return patienceMsOf(failure, past) > 0;
}

/** What we found wrong ourselves stays wrong: the specification cannot be expanded, its URL is no URL. */
function isAnswered({ class: failureClass, code }: Failure): boolean {
  return failureClass === 'protocolUnsupported' || typeof code === 'number';
}
