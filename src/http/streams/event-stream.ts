/** Server-sent events from an async iterable: for one reader, at the reader's pace. */

import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { HttpEnvironment } from '../endpoint.ts';
import { pieceBytes, responseOf } from './outgoing.ts';

export interface StreamedEvent {
  readonly id?: string;
  readonly event: string;
  /** Its data, as JSON. */
  readonly json: string;
  /** Called for each piece of it that the reader has taken. */
  readonly onTaken?: () => void;
}

export interface StreamingOptions {
  /** Interval of the comment line that shows the stream is alive, in milliseconds. */
  readonly heartbeatMs: number;
  /** Called with what `events` throws: that is a bug, and ends the stream. */
  readonly onError: (error: unknown) => void;
}

/** Streams `events` until they end, the client disconnects, or `cut` is called; then `signal` aborts. */
export function streamEvents(
  c: Context<HttpEnvironment>,
  { heartbeatMs, onError }: StreamingOptions,
  events: (signal: AbortSignal, cut: () => void) => AsyncIterable<StreamedEvent>,
): Response {
  // Proxies that buffer would hold events back.
  c.header('X-Accel-Buffering', 'no');
  c.header('Cache-Control', 'no-store');
  // Hono answers HEAD as GET and drops the body: nobody would read the stream or end it.
  if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' });
  return streamSSE(c, async (stream) => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    c.req.raw.signal.addEventListener('abort', () => gone.abort(), { once: true });
    // Reading starts here, so that nothing is lost while the headers are being sent.
    const source = events(gone.signal, () => {
      responseOf(c)?.destroy();
      stream.abort();
    });
    let waiting = 0;
    // Never rejects: nothing is written to a client that has disconnected.
    const write = async (text: string, onTaken = () => {}) => {
      waiting += 1;
      if (text.length * 3 <= pieceBytes) await stream.write(text);
      else await writeInPieces(Buffer.from(text), onTaken);
      waiting -= 1;
    };
    // What was written and is not yet sent is no longer counted: a long event must not be there as a whole.
    const writeInPieces = async (bytes: Uint8Array, onTaken: () => void) => {
      for (let at = 0; at < bytes.length && !gone.signal.aborted; at += pieceBytes) {
        await stream.write(bytes.subarray(at, at + pieceBytes));
        onTaken();
      }
    };
    // A reader that lags has enough to read: no heartbeat is queued for it.
    const heartbeat = setInterval(() => void (waiting === 0 && write(': \n\n')), heartbeatMs);
    heartbeat.unref();
    try {
      await write(': \n\n');
      for await (const { id, event, json, onTaken } of source) {
        if (gone.signal.aborted) break;
        await write(`event: ${event}\ndata: ${json}\n${id === undefined ? '' : `id: ${id}\n`}\n`, onTaken);
      }
    } catch (error) {
      onError(error);
    } finally {
      clearInterval(heartbeat);
      gone.abort();
    }
  });
}
