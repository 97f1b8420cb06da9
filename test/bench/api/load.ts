/**
 * The other end of the API's benches, a process of its own: requests as fast as they are answered, or readers that wait
 * for facts.
 */

import { connect } from 'node:net';
import autocannon from 'autocannon';
import { medianOf, p99Of } from '../bench.ts';
import { machineMs } from '../watch.ts';
import type { Job, LoadAnswer, ReaderJob, RequestJob } from './load-job.ts';

process.on('message', (job: Job) => {
  const done = job.kind === 'requests' ? request(job) : read(job);
  done.catch((error: unknown) => tell({ kind: 'failed', message: String(error) }));
});

async function request({ url, token, method, body, connections, seconds }: RequestJob): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, ...(body !== null && { 'content-type': 'application/json' }) };
  const answeredMs: number[] = [];
  const { duration, non2xx, errors } = await new Promise<autocannon.Result>((resolve, reject) => {
    const options = { url, method, headers, connections, duration: seconds, ...(body !== null && { body }) };
    const load = autocannon(options, (error: unknown, result) =>
      error === null || error === undefined ? resolve(result) : reject(error as Error),
    );
    // Its own quantiles are whole milliseconds.
    load.on('response', (_client, _status, _bytes, responseMs) => answeredMs.push(responseMs));
  });
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} answers were no success, ${errors} requests failed`);
  tell({
    kind: 'requested',
    perSecond: answeredMs.length / duration,
    count: answeredMs.length,
    p50Ms: medianOf(answeredMs),
    p99Ms: p99Of(answeredMs),
  });
}

/** Plain sockets: what a client does with an event is not asked here. */
async function read({ url, token, readers, marker }: ReaderJob): Promise<void> {
  const { hostname, port, pathname, search } = new URL(url);
  let seen = 0;
  let firstMs = 0;
  const opened = Array.from({ length: readers }, async () => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket
      .setEncoding('utf8')
      .write(
        `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      );
    await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject));
    let text = '';
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes(marker)) return;
      text = '';
      seen += 1;
      if (seen === 1) firstMs = machineMs();
      if (seen < readers) return;
      seen = 0;
      tell({ kind: 'read', firstMs, lastMs: machineMs() });
    });
  });
  await Promise.all(opened);
  tell({ kind: 'opened' });
}

function tell(answer: LoadAnswer): void {
  process.send?.(answer);
}
