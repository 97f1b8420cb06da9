/** Writes messages to a server's stdin, and handles a server that does not read them. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { toJsonText } from '../../text/json-text.ts';
import { UnreachedError } from '../link.ts';
import type { Reading } from './turns.ts';

export interface MessageWriter {
  /**
   * Returns at once; a message that a dying server never reads is lost with it. Throws when stdin is closed. The first
   * message of a turn is written at once, all others of that turn in one write: a write costs more than all we do with
   * a message, and wakes the server each time.
   */
  write(message: JSONRPCMessage): void;
  /** True from the first message that had to wait until all are written. */
  readonly isCongested: boolean;
}

/**
 * When more bytes than this wait for the server to read them, its own messages are not read either: each of them may
 * need an answer.
 */
const maxBacklogBytes = 16 * 1024 * 1024;

export function createMessageWriter(
  { stdin, reading }: { readonly stdin: ChildProcessWithoutNullStreams['stdin']; readonly reading: Reading },
  onDrained: () => void,
): MessageWriter {
  let isCongested = false;
  let writtenThisTurn = 0;
  // A broken pipe accepts no message and never drains. The watcher of the process's life reports what it means.
  stdin.on('error', () => {});
  stdin.on('drain', () => {
    isCongested = false;
    reading.resume();
    onDrained();
  });
  /**
   * Runs when all promises of the turn have run, so that calls which follow on answers are written already. Ending the
   * stream flushes it, too.
   */
  const endTurn = (): void => {
    if (writtenThisTurn > 1) stdin.uncork();
    writtenThisTurn = 0;
  };
  return {
    write(message) {
      if (!stdin.writable) throw new UnreachedError('The stdin of the server is closed.');
      // One large message may pass; the backlog behind it may not.
      if (stdin.writableLength > maxBacklogBytes) reading.pause();
      writtenThisTurn += 1;
      if (writtenThisTurn === 1) process.nextTick(endTurn);
      else if (writtenThisTurn === 2) stdin.cork();
      if (!stdin.write(`${toJsonText(message)}\n`)) isCongested = true;
    },
    get isCongested() {
      return isCongested;
    },
  };
}
