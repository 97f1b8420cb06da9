/** Where log lines go, behind a bounded buffer. A slow destination loses lines, which are counted; it never blocks. */

import { isatty } from 'node:tty';
import { openLineWriter, type Rotation } from './line-writer.ts';

/** What an embedding host may pass: a Node stream, or anything like one. It is never ended here. */
export interface LineStream {
  write(line: string): unknown;
  readonly writableLength?: number;
  readonly isTTY?: boolean;
}

/** A descriptor of a file that is rotated in place. */
export interface RotatedFile extends Rotation {
  readonly fd: number;
}

/** A file descriptor (1: stdout), the path of a file that is appended to, or a stream. */
export type LogTarget = number | string | RotatedFile | LineStream;

export interface LogDestination {
  readonly isTTY: boolean;
  /**
   * Takes a line with its line break. Returns false if it was dropped, because the target is too slow or broken. Never
   * blocks and never throws.
   */
  write(line: string): boolean;
  /**
   * Flushes the buffer, waiting at most `timeoutMs`; a descriptor or file is then closed as described at `LineWriter`.
   */
  close(timeoutMs: number): Promise<void>;
}

export interface LogDestinationOptions {
  readonly target: LogTarget;
  readonly maxBufferedBytes: number;
  /** Called with the first error of the target, and with null once it works again. */
  readonly onTrouble: (error: Error | null) => void;
}

export function openLogDestination(options: LogDestinationOptions): LogDestination {
  const { target } = options;
  if (typeof target !== 'object')
    return { isTTY: typeof target === 'number' && isatty(target), ...openLineWriter({ ...options, target }) };
  if ('write' in target) return createStreamDestination(target, options);
  const { fd, ...rotation } = target;
  return { isTTY: false, ...openLineWriter({ ...options, target: fd, rotation }) };
}

function createStreamDestination(
  stream: LineStream,
  { maxBufferedBytes, onTrouble }: LogDestinationOptions,
): LogDestination {
  let broken = false;
  let closed = false;
  return {
    isTTY: stream.isTTY === true,
    write(line) {
      if (closed || broken || (stream.writableLength ?? 0) + line.length > maxBufferedBytes) return false;
      try {
        stream.write(line);
        return true;
      } catch (error) {
        broken = true;
        onTrouble(error instanceof Error ? error : new Error(String(error)));
        return false;
      }
    },
    async close() {
      closed = true;
    },
  };
}
