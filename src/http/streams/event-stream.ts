/** Server-sent events from an async iterable: for one reader, at the reader's pace. */

import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { toJsonText } from '../../text/json-text.ts';
import type { HttpEnvironment } from '../endpoint.ts';

export interface StreamedEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

export interface StreamingOptions {
  /** Interval of the comment line that shows the stream is alive, in milliseconds. */
  readonly heartbeatMs: number;
  /** Called with what `events` throws: that is a bug, and ends the stream. */
  readonly onError: (error: unknown) => void;
}

/** Streams `events` until they end or the client disconnects; then `signal` aborts. */
export function streamEvents(
  c: Context<HttpEnvironment>,
  { heartbeatMs, onError }: StreamingOptions,
  events: (signal: AbortSignal) => AsyncIterable<StreamedEvent>,
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
    const source = events(gone.signal);
    let waiting = 0;
    // Never rejects: nothing is written to a client that has disconnected.
    const write = async (text: string) => {
      waiting += 1;
      await stream.write(text);
      waiting -= 1;
    };
    // A reader that lags has enough to read: no heartbeat is queued for it.
    const heartbeat = setInterval(() => void (waiting === 0 && write(': \n\n')), heartbeatMs);
    heartbeat.unref();
    try {
      await write(': \n\n');
      for await (const { id, event, data } of source) {
        if (gone.signal.aborted) break;
        await write(`event: ${event}\ndata: ${toJsonText(data)}\n${id === undefined ? '' : `id: ${id}\n`}\n`);
      }
    } catch (error) {
      onError(error);
    } finally {
      clearInterval(heartbeat);
      gone.abort();
    }
  });
}
