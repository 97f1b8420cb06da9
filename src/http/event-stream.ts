/** Server-sent events from something that comes piece by piece: one reader at a time, at the reader's pace. */

import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { HttpEnvironment } from './endpoint.ts';

/** A comment line this often tells proxies and clients that the stream lives, in milliseconds. */
const heartbeatMs = 15_000;

export interface StreamedEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/** Streams what `events` gives until it ends or the client goes away; then `signal` aborts. */
export function streamEvents(c: Context<HttpEnvironment>, events: (signal: AbortSignal) => AsyncIterable<StreamedEvent>): Response {
  // Proxies that buffer would hold events back.
  c.header('X-Accel-Buffering', 'no');
  c.header('Cache-Control', 'no-store');
  return streamSSE(c, async (stream) => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    c.req.raw.signal.addEventListener('abort', () => gone.abort(), { once: true });
    // It does not reject: a client that is gone is not written to.
    const heartbeat = setInterval(() => void stream.write(': \n\n').catch(() => gone.abort()), heartbeatMs);
    heartbeat.unref();
    try {
      await stream.write(': \n\n');
      for await (const { id, event, data } of events(gone.signal)) {
        if (gone.signal.aborted) break;
        await stream.writeSSE({ event, data: JSON.stringify(data), ...(id !== undefined && { id }) });
      }
    } finally {
      clearInterval(heartbeat);
      gone.abort();
    }
  });
}
