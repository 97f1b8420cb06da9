/** Messages to a server's stdin, and what happens while it does not read them. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { UnreachedError } from '../link.ts';

export interface MessageWriter {
  /**
   * Returns at once; a message that a dying server never reads is lost with it. Throws when stdin is closed. The
   * first message of a turn goes out at once, all others of that turn in one write: a write costs the system more
   * than all we do with a message, and wakes the server each time.
   */
  write(message: JSONRPCMessage): void;
  /** True from the first message that had to wait until all are handed over. */
  readonly isCongested: boolean;
}

/**
 * Bytes waiting for the server to read them beyond which it is not listened to: each of its messages may cost an
 * answer.
 */
const maxBacklogBytes = 16 * 1024 * 1024;

export function createMessageWriter(
  { stdin, stdout }: Pick<ChildProcessWithoutNullStreams, 'stdin' | 'stdout'>,
  onDrained: () => void,
): MessageWriter {
  let isCongested = false;
  let writtenThisTurn = 0;
  // A broken pipe takes no message and is never drained. What it means for the process is told by whoever watches its
  // life.
  stdin.on('error', () => {});
  stdin.on('drain', () => {
    isCongested = false;
    stdout.resume();
    onDrained();
  });
  /**
   * Runs when all promises of the turn have been heard: calls that follow on answers are then written. Ending the
   * stream hands over, too.
   */
  const endTurn = (): void => {
    if (writtenThisTurn > 1) stdin.uncork();
    writtenThisTurn = 0;
  };
  return {
    write(message) {
      if (!stdin.writable) throw new UnreachedError('The stdin of the server is closed.');
      // One large message may pass; what piles up behind it may not.
      if (stdin.writableLength > maxBacklogBytes) stdout.pause();
      writtenThisTurn += 1;
      if (writtenThisTurn === 1) process.nextTick(endTurn);
      else if (writtenThisTurn === 2) stdin.cork();
      if (!stdin.write(`${JSON.stringify(message)}\n`)) isCongested = true;
    },
    get isCongested() {
      return isCongested;
    },
  };
}
