/**
 * What a session stands on: a transport of the MCP SDK, and the life and death of whatever carries it.
 * Three kinds: a process of ours (`stdio/link.ts`), a remote server (`remote/link.ts`), a host's own transport
 * (`hosted/link.ts`).
 */

import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Failure, Phase } from '../../machines/failure.ts';
import type { CarrierNews, EndKind } from './contract.ts';

/**
 * What a link tells: `spawned` when it can be spoken through, each of `failed`, `exited` and `ended` at most once,
 * `ended` last and surely, when nothing is left and every message that was on its way has been delivered.
 */
export type LinkNews =
  | CarrierNews
  /** The process is on the durable record. A link without a process has none. */
  | { readonly type: 'recorded' }
  /** The transport takes messages again after `congested`. */
  | { readonly type: 'drained' };

export type TellLinkNews = (news: LinkNews) => void;

export interface Link {
  /**
   * Handed to the SDK's Client by the session, wrapped. `start()` sets it up; `ended` comes even if `start()` rejects.
   * `close()` is the session's business: use `end`.
   */
  readonly transport: LossyTransport;
  /** `stdio`, `streamable-http`, `sse`, or the host's word. May settle only after `start()`. */
  readonly kind: string;
  /** True while messages pile up on the way out: the session holds its calls back until `drained`. */
  readonly congested: boolean;
  /** May be called again, more severely. Without a process every kind ends the link at most `stop.closeMs` later. */
  end(kind: EndKind): void;
  /** Marks the moment from which `usedCpu` counts. */
  markCpu(): void;
  /** Whether the process group used CPU since `markCpu` (Linux; elsewhere and without a process: false). */
  usedCpu(): boolean;
  /**
   * What an error of this transport (or of a handshake through it) means. Decided by class and code, never by message.
   */
  failureOf(error: unknown, phase: Phase): Failure;
  /**
   * What it means for an open session that a probe could not be sent or was refused: `unreachable` may pass, anything
   * else does not. Null: nothing is known. One kind of request alone may be refused for reasons of its own.
   */
  verdictOn(error: unknown): Failure | null;
}

/** A transport that knows when a request will never be answered although the session goes on. */
export interface LossyTransport extends Transport {
  /** Whether the request was carried out is unknown. */
  onrequestlost?: ((id: string | number, reason: string) => void) | undefined;
}

/** A message that surely never reached the other side: whoever sent it knows that nothing was done. */
export class UnreachedError extends Error {
  override readonly name = 'UnreachedError';
  readonly reached = false;
}

/** Whether `error` says so. Everything else leaves it open. */
export function hasNotReached(error: unknown): boolean {
  return error instanceof Error && 'reached' in error && error.reached === false;
}
