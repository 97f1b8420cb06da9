/** Messages to a server's stdin, and what happens while it does not read them. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

export interface MessageWriter {
  /** Returns at once; a message that a dying server never reads is lost with it. Throws when stdin is closed. */
  write(message: JSONRPCMessage): void;
  /** True from the first message that had to wait until all are handed over. */
  readonly isCongested: boolean;
}

/** Bytes waiting for the server to read them beyond which it is not listened to: each of its messages may cost an answer. */
const maxBacklogBytes = 16 * 1024 * 1024;

export function createMessageWriter({ stdin, stdout }: Pick<ChildProcessWithoutNullStreams, 'stdin' | 'stdout'>, onDrained: () => void): MessageWriter {
  let isCongested = false;
  // A broken pipe is no end: the process's exit tells, and until then the heartbeat finds a server that does not listen.
  stdin.on('error', () => {});
  stdin.on('drain', () => {
    isCongested = false;
    stdout.resume();
    onDrained();
  });
  return {
    write(message) {
      if (!stdin.writable) throw new Error('The stdin of the server is closed.');
      // One large message may pass; what piles up behind it may not.
      if (stdin.writableLength > maxBacklogBytes) stdout.pause();
      if (!stdin.write(`${JSON.stringify(message)}\n`)) isCongested = true;
    },
    get isCongested() {
      return isCongested;
    },
  };
}
