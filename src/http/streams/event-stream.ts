/** Server-sent events from something that comes piece by piece: one reader at a time, at the reader's pace. */

import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { HttpEnvironment } from '../endpoint.ts';

export interface StreamedEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

export interface StreamingOptions {
  /** A comment line this often tells that the stream lives, in milliseconds. */
  readonly heartbeatMs: number;
  /** Told of what `events` throws: that is a bug, and the stream ends with it. */
  readonly report: (error: unknown) => void;
}

/** Streams what `events` gives until it ends or the client goes away; then `signal` aborts. */
export function streamEvents(
  c: Context<HttpEnvironment>,
  { heartbeatMs, report }: StreamingOptions,
  events: (signal: AbortSignal) => AsyncIterable<StreamedEvent>,
): Response {
  // Proxies that buffer would hold events back.
  c.header('X-Accel-Buffering', 'no');
  c.header('Cache-Control', 'no-store');
  // Hono answers it as a GET and drops the body: nobody would read the stream, nor ever end it.
  if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' });
  return streamSSE(c, async (stream) => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    c.req.raw.signal.addEventListener('abort', () => gone.abort(), { once: true });
    // It reads from here on: what happens while the headers are on their way is not lost.
    const source = events(gone.signal);
    let waiting = 0;
    // It does not reject: to a client that is gone nothing is written.
    const write = async (text: string) => {
      waiting += 1;
      await stream.write(text);
      waiting -= 1;
    };
    // A reader that stands still has enough to read: no further line waits for it.
    const heartbeat = setInterval(() => void (waiting === 0 && write(': \n\n')), heartbeatMs);
    heartbeat.unref();
    try {
      await write(': \n\n');
      for await (const { id, event, data } of source) {
        if (gone.signal.aborted) break;
        await write(`event: ${event}\ndata: ${JSON.stringify(data)}\n${id === undefined ? '' : `id: ${id}\n`}\n`);
      }
    } catch (error) {
      report(error);
    } finally {
      clearInterval(heartbeat);
      gone.abort();
    }
  });
}
