/**
 * What a session stands on: a transport of the MCP SDK, and the life and death of whatever carries it.
 * Three kinds: a process of ours (`stdio/link.ts`), a remote server (`remote/link.ts`), a host's own transport
 * (`hosted/link.ts`).
 */

import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Failure, Phase } from '../../machines/failure.ts';
import type { EndKind } from './contract.ts';

/** Told by a link; each of `failed`, `exited` and `ended` at most once, `ended` last and surely. */
export interface LinkEars {
  /**
   * It can be spoken through. `pid` is null without a process; `recorded` resolves when the process is on the durable
   * record.
   */
  spawned(process: { readonly pid: number; readonly startTime: string | null } | null, recorded: Promise<void>): void;
  /** No use any more, but something of it lives and waits for `end`. */
  failed(failure: Failure): void;
  /** The leader of the group is gone; members of the group live. */
  exited(failure: Failure): void;
  /**
   * Nothing is left, and every message that was on its way has been delivered. Null if `end` was called before anything
   * failed.
   */
  ended(failure: Failure | null): void;
  doubted(reason: string): void;
  push(available: boolean, reason: string | null): void;
  /** The transport takes messages again after `congested`. */
  drained(): void;
}

export interface Link {
  /**
   * Handed to the SDK's Client by the session, wrapped. `start()` sets it up; `ended` comes even if `start()` rejects.
   * `close()` is the session's business: use `end`.
   */
  readonly transport: Transport;
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
