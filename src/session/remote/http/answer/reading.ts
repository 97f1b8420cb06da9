/** An answer that is being read, with the room that what has come of it takes: it may have to give way to others. */

import type { Account, Bound, Hold } from '../../../budget.ts';
import { type RemoteError, toBroken, toNoRoom } from '../error.ts';
import type { Answer } from './answer.ts';

export interface Reading {
  /** For what has come and is kept. */
  readonly held: Hold;
  /** The pieces of the body. Throws a `RemoteError` if it breaks off, or had to give way. */
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Throws a `RemoteError` unless `bound` is null. */
  check(bound: Bound | null): void;
}

export function startReading(answer: Answer, room: Account): Reading {
  let refusal: RemoteError | null = null;
  const refuse = (bound: Bound): RemoteError => {
    refusal ??= toNoRoom(bound, room.limits);
    return refusal;
  };
  const held = room.hold(() => {
    refuse('process');
    answer.drop();
  });

  async function* pieces(): AsyncIterable<Uint8Array> {
    try {
      yield* answer.body;
    } catch (error) {
      throw refusal ?? toBroken(error, answer.url);
    } finally {
      held.release();
    }
    if (refusal !== null) throw refusal;
  }

  return {
    held,
    pieces: pieces(),
    check(bound) {
      if (bound !== null) throw refuse(bound);
    },
  };
}
