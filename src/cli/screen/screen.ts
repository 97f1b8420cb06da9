/** Stdout and stderr as commands see them: everything that is written goes through `toVisible`, drawn or not. */

import type { Writable } from 'node:stream';
import { type Drawn, shown } from './drawn.ts';

/** A terminal or a pipe. `columns` and `rows` are those of a terminal. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly fd?: number;
  readonly columns?: number;
  readonly rows?: number;
};

export interface Screen extends Pick<Output, 'isTTY' | 'fd' | 'columns' | 'rows'> {
  /** Text from anywhere. */
  readonly write: (text: string) => void;
  draw(text: Drawn): void;
  /** As it is. Only for what a person wants byte for byte and has asked for in so many words. */
  writeRaw(text: string): void;
  /** `listener` is called when nobody reads any more, once. */
  onceUnread(listener: () => void): void;
}

/** `columns` and `rows` are read whenever they are needed: windows change. */
export function createScreen(output: Output): Screen {
  const write = (text: string) => void output.write(text);
  return {
    get isTTY() {
      return output.isTTY === true;
    },
    get columns() {
      return output.columns ?? 0;
    },
    get rows() {
      return output.rows ?? 0;
    },
    ...(output.fd !== undefined && { fd: output.fd }),
    write: (text) => write(shown(text)),
    draw: write,
    writeRaw: write,
    onceUnread: (listener) => void output.once('error', listener),
  };
}
