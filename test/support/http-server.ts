/** A server of this process that answers over HTTP. */

import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from './finishing.ts';

export interface HttpServer {
  readonly server: Server;
  /** `http://127.0.0.1:4711`, with a port that was free. */
  readonly url: string;
}

/** Ends with the test. */
export async function openHttpServer(answer: RequestListener): Promise<HttpServer> {
  const server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
