/**
 * What a session runs over: a transport of the MCP SDK, and the life of its process or connection. Three kinds: our own
 * process (`stdio/link.ts`), a remote server (`remote/link.ts`), a transport of the host (`hosted/link.ts`).
 */

import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Failure, Phase } from '../../machines/failure.ts';
import type { CarrierNews, EndKind } from './contract.ts';
import type { Unfinished } from './protocol/overhearing.ts';

/**
 * The news of a link: `spawned` when messages can be sent, each of `failed`, `exited` and `ended` at most once; `ended`
 * always comes, and last, when nothing is left and every message on its way has been delivered.
 */
export type LinkNews =
  | CarrierNews
  /** The process is on the durable record. Never sent by a link without a process. */
  | { readonly type: 'recorded' }
  /** The transport takes messages again after `congested`. */
  | { readonly type: 'drained' };

export type TellLinkNews = (news: LinkNews) => void;

export interface Link {
  /**
   * The session wraps it for the SDK's Client. `start()` sets it up; `ended` comes even if `start()` rejects. To end
   * the link use `end`, not `close()`, which is for the session only.
   */
  readonly transport: LossyTransport;
  /** `stdio`, `streamable-http`, `sse`, or the host's name for its own. May be known only after `start()`. */
  readonly kind: string;
  /** True while outgoing messages pile up: the session holds its calls until `drained`. */
  readonly congested: boolean;
  /** May be called again, with a more severe kind. Without a process every kind ends the link within `stop.closeMs`. */
  end(kind: EndKind): void;
  /** Marks the moment from which `usedCpu` counts. */
  markCpu(): void;
  /** Whether the process group used CPU since `markCpu` (Linux; elsewhere and without a process: false). */
  usedCpu(): boolean;
  /**
   * Whether the processes of the server did something since this was asked last: used CPU, read or wrote, started a
   * process (Linux; elsewhere always true). Absent: there are none.
   */
  worked?(): boolean;
  /**
   * The failure that an error of this transport (or of a handshake over it) means. Decided by class and code, never by
   * message.
   */
  failureOf(error: unknown, phase: Phase): Failure;
  /** The line that the server has begun to write on its stdout; null: none. Absent: there are no lines. */
  unfinished?(): Unfinished | null;
  /**
   * What it means for an open session that a probe could not be sent or was refused: `unreachable` may pass, every
   * other failure will not. Null: it means nothing, since a server may have reasons to refuse just this kind of
   * request.
   */
  verdictOn(error: unknown): Failure | null;
}

/** A transport that notices when a request will never be answered, and is told when an answer is of no use. */
export interface LossyTransport extends Transport {
  /** It is unknown whether the request was carried out. */
  onrequestlost?: ((id: string | number, why: Error) => void) | undefined;
  /** Nobody waits for the answer to this request any more: what is held open for it is ended. Absent: nothing is. */
  giveUp?(id: string | number): void;
}

/** A line on the server's stdout that is no message. The error's text says why, and quotes it. */
export class MalformedLine extends Error {
  override readonly name = 'MalformedLine';
  readonly line: string;

  constructor(message: string, line: string) {
    super(message);
    this.line = line;
  }
}

/** A message that certainly did not reach the other side: nothing was done. */
export class UnreachedError extends Error {
  override readonly name = 'UnreachedError';
  readonly reached = false;
}

/** Whether `error` says that nothing was done. Any other error leaves it open. */
export function hasNotReached(error: unknown): boolean {
  return error instanceof Error && 'reached' in error && error.reached === false;
}

/** Whether `error` says that an answer came, and there was no room for it. */
export function isDropped(error: unknown): boolean {
  return error instanceof Error && 'dropped' in error && error.dropped === true;
}

/** No answer will come: the stream that would have carried it broke. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost';
}

/** What a server said when it refused a message over HTTP. */
export interface Refused {
  readonly httpStatus: number;
  /** Why, in its own words: bounded and cleaned, but it may echo a secret. */
  readonly refusal: string | null;
  /** The JSON-RPC error in the body. */
  readonly rpc: { readonly code: number; readonly message: string; readonly data: unknown } | null;
  readonly retryAfterMs: number | null;
  /** The header `WWW-Authenticate`. */
  readonly challenge: string | null;
}

/** An error of a link that carries what the server said. */
export interface RefusedError extends Error {
  readonly refused: Refused | null;
}

/** Null: `error` is something else than a refusal over HTTP. */
export function refusedIn(error: unknown): Refused | null {
  return error instanceof Error && 'refused' in error ? (error as RefusedError).refused : null;
}
