/** JSON-RPC messages on a stream, one on each line: the library's own framing costs more than the hop is allowed to. */

import { constants } from 'node:buffer';
import type { Duplex } from 'node:stream';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  createMessageConnection,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageConnection,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node';

/** A line that is longer ends the connection: what is at the other end is not ours, or has a bug. */
const mostLineBytes = constants.MAX_STRING_LENGTH;

const lineFeed = 10;

class LineReader extends AbstractMessageReader implements MessageReader {
  readonly #stream: Duplex;
  readonly #mostBytes: number;
  /** Of the line that has begun. */
  #parts: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(stream: Duplex, mostBytes: number) {
    super();
    this.#stream = stream;
    this.#mostBytes = mostBytes;
  }

  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer) => this.#read(chunk, callback);
    const onClose = () => this.fireClose();
    this.#stream.on('data', onData).on('close', onClose);
    return { dispose: () => this.#stream.off('data', onData).off('close', onClose) };
  }

  #read(chunk: Buffer, callback: DataCallback): void {
    if (this.#isOver) return;
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      if (!this.#keep(chunk.subarray(from, end))) return;
      from = end + 1;
      try {
        callback(JSON.parse(this.#take()) as Message);
      } catch (error) {
        this.#refuse(error);
        return;
      }
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** False: the line is too long, and nothing more is read. */
  #keep(part: Buffer): boolean {
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= this.#mostBytes) return true;
    this.#refuse(new Error(`A line has more than ${this.#mostBytes} bytes.`));
    return false;
  }

  #take(): string {
    const [first] = this.#parts;
    // Most lines come in one piece.
    const line = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    return line.toString();
  }

  #refuse(error: unknown): void {
    this.#isOver = true;
    this.#parts = [];
    this.fireError(error);
    this.#stream.destroy();
  }
}

class LineWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
    stream.on('close', () => this.fireClose());
  }

  /** Not awaited by anybody: a sender of much watches `writableLength`. */
  async write(message: Message): Promise<void> {
    if (this.#stream.writable) this.#stream.write(`${JSON.stringify(message)}\n`);
  }

  end(): void {}
}

/**
 * It is not listening yet. Closes when the stream does; the owner of the stream hears its errors. `mostBytes`: of a line,
 * default: what a string can hold.
 */
export function connectionOver(
  stream: Duplex,
  onError: (error: unknown) => void,
  mostBytes = mostLineBytes,
): MessageConnection {
  const report = (message: string) => onError(new Error(message));
  const logger = { error: report, warn: report, info: () => {}, log: () => {} };
  const connection = createMessageConnection(new LineReader(stream, mostBytes), new LineWriter(stream), logger);
  connection.onError(([error]) => onError(error));
  // What waits for an answer will not get one.
  connection.onClose(() => connection.dispose());
  return connection;
}
