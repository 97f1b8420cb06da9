/** Where the lines of one server are kept: in files, or in memory if there is no folder. */

import { type LogLine, sizeOf } from './line.ts';

export interface LogStore {
  /** Lines that could not be kept. */
  readonly droppedLines: number;
  /** Never blocks and never throws. */
  push(line: LogLine): void;
  /** The last `count` lines pushed before the call, oldest first, and none pushed after it. */
  tail(count: number): Promise<readonly LogLine[]>;
  close(): Promise<void>;
}

/** Keeps the last lines, as many as fit into `maxBytes`. */
export function createLogMemory(maxBytes: () => number): LogStore {
  let lines: LogLine[] = [];
  let bytes = 0;
  return {
    droppedLines: 0,
    push(line) {
      lines.push(line);
      bytes += sizeOf(line);
      while (bytes > maxBytes()) {
        const oldest = lines.shift();
        if (oldest === undefined) break;
        bytes -= sizeOf(oldest);
      }
    },
    tail: async (count) => (count === 0 ? [] : lines.slice(-count)),
    async close() {
      lines = [];
      bytes = 0;
    },
  };
}
