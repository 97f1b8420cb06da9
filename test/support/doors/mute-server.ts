/** What accepts a connection and then does not answer as a control plane would. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { openHttpServer } from '../http-server.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** In none of these ways does an answer ever end. */
export const muteWays = {
  'says nothing': () => {},
  'stops after the header': (request, response) => {
    response.writeHead(200, { 'content-type': wantedBy(request) }).flushHeaders();
  },
  'sends a byte now and then': (request, response) => {
    response.writeHead(200, { 'content-type': wantedBy(request) });
    const dripping = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(dripping));
  },
} as const satisfies Readonly<Record<string, Answer>>;

export interface MuteServer {
  readonly url: string;
  /** How many requests are being answered. */
  open(): number;
}

/** Ends with the test. */
export async function openMuteServer(answer: Answer): Promise<MuteServer> {
  const { server, url } = await openHttpServer(answer);
  let open = 0;
  server.on('request', (_, response) => {
    open += 1;
    response.on('close', () => {
      open -= 1;
    });
  });
  return { url, open: () => open };
}

export function wantedBy({ headers }: IncomingMessage): string {
  return headers.accept === 'text/event-stream' ? headers.accept : 'application/json';
}
