/** Why a session ended: a closed union of classes, decided where the error is born, never parsed from a message. */

export const failureClasses = [
  'exited',
  'spawnFailed',
  'handshakeFailed',
  'protocolUnsupported',
  'timedOut',
  'hung',
  'sessionLost',
  'disconnected',
  'unreachable',
  'unauthorized',
  'messageTooLarge',
  'clientLost',
  'internal',
  'misconfigured',
] as const;

export type FailureClass = (typeof failureClasses)[number];

/** The part of a session's life in which it failed. */
export type Phase = 'spawning' | 'initializing' | 'listing' | 'connected' | 'stopping';

export interface Failure {
  readonly class: FailureClass;
  /** For people; nothing decides by it. */
  readonly message: string;
  readonly phase: Phase | null;
  /** The system's or the protocol's own code: `ENOENT`, 404, -32602. */
  readonly code: string | number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last lines the server wrote on stderr, oldest first. */
  readonly stderrTail: readonly string[];
  /** What the server asked us to wait before the next try, in milliseconds (`Retry-After`). */
  readonly retryAfterMs: number | null;
}

/**
 * Codes of `spawnFailed` that may pass by themselves: the machine was short of something. Every other code is
 * permanent.
 */
const passingSpawnCodes: ReadonlySet<string | number | null> = new Set([
  'EAGAIN',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ETXTBSY',
]);

/** Whether no restart can mend this failure. */
export function isPermanent(failure: Failure, permanentExitCodes: readonly number[]): boolean {
  switch (failure.class) {
    case 'spawnFailed':
      return !passingSpawnCodes.has(failure.code);
    case 'protocolUnsupported':
    case 'misconfigured':
      return true;
    case 'exited':
      return failure.exitCode !== null && permanentExitCodes.includes(failure.exitCode);
    default:
      return false;
  }
}

/** A failure with the fields that are usually empty filled in. */
export function failure(
  failureClass: FailureClass,
  message: string,
  details: Partial<Omit<Failure, 'class' | 'message'>> = {},
): Failure {
  return {
    class: failureClass,
    message,
    phase: null,
    code: null,
    exitCode: null,
    signal: null,
    stderrTail: [],
    retryAfterMs: null,
    ...details,
  };
}

/**
 * The first cause of an end is its cause for good: what is learned later only adds how the process exited and what it
 * wrote last.
 */
export function firstCause(first: Failure | null, later: Failure): Failure {
  if (first === null) return later;
  return {
    ...first,
    exitCode: first.exitCode ?? later.exitCode,
    signal: first.signal ?? later.signal,
    stderrTail: later.stderrTail.length > 0 ? later.stderrTail : first.stderrTail,
  };
}
