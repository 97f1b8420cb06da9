/** Why a session ended: one of a fixed set of classes, chosen where the error occurs, never parsed from a message. */

export const failureClasses = [
  'exited',
  'spawnFailed',
  'shortage',
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

/** The phase of a session's life in which it failed. */
export const phases = ['spawning', 'initializing', 'listing', 'connected', 'stopping'] as const;

export type Phase = (typeof phases)[number];

export interface Failure {
  readonly class: FailureClass;
  /** For people; no decision depends on it. */
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

/** Code of `clientLost`: the client process died in the start of this server, when no other was starting. */
export const suspectedCode = 'SUSPECTED';

/** Code of `misconfigured`: a secret that the specification names is not set. */
export const missingSecretCode = 'SECRET_MISSING';

/** Codes of `spawnFailed` that may go away: the file was busy. Every other code is permanent. */
const passingSpawnCodes: ReadonlySet<string | number | null> = new Set(['ETXTBSY']);

/** Whether no restart can fix this failure. */
export function isPermanent(failure: Failure, permanentExitCodes: readonly number[]): boolean {
  switch (failure.class) {
    case 'spawnFailed':
      return !passingSpawnCodes.has(failure.code);
    case 'protocolUnsupported':
    case 'misconfigured':
      return true;
    case 'clientLost':
      return failure.code === suspectedCode;
    case 'exited':
      return failure.exitCode !== null && permanentExitCodes.includes(failure.exitCode);
    default:
      return false;
  }
}

/** Creates a failure; the fields that are usually empty have defaults. */
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

/** The last that was seen of a process, whatever ended it. */
export type LastWords = Pick<Failure, 'exitCode' | 'signal' | 'stderrTail'>;

/**
 * The first cause of an end remains its cause: later failures only add how the process exited and what it wrote last.
 */
export function firstCause(first: Failure | null, later: Failure): Failure {
  return first === null ? later : withLastWords(first, later);
}

/** Adds what is not known yet. */
export function withLastWords(first: Failure, later: LastWords): Failure {
  return {
    ...first,
    exitCode: first.exitCode ?? later.exitCode,
    signal: first.signal ?? later.signal,
    stderrTail: later.stderrTail.length > 0 ? later.stderrTail : first.stderrTail,
  };
}
