/** Both ends of a connection over which one process calls another, in each of the ways that are compared. */

import type { Socket } from 'node:net';
import { createBirpc } from 'birpc';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import { connectionOver } from '../../src/session/isolated/lines.ts';
import { type RequestOrder, requestOrder } from '../../src/session/isolated/protocol.ts';

type CallOnce = () => Promise<unknown>;

export interface Way {
  serve(socket: Socket): void;
  connect(socket: Socket): CallOnce;
}

/** What a call of a tool is to the hop: about 150 bytes there, 350 back. */
const order: RequestOrder = {
  id: '1 peer',
  server: 'peer',
  method: 'tools/call',
  params: JSON.stringify({ name: 'fill', arguments: { bytes: 100 } }),
  meta: null,
  timeoutMs: null,
  progress: null,
};
const answer = JSON.stringify({ content: [{ type: 'text', text: 'x'.repeat(280) }] });

const refuse = (error: unknown) => {
  throw error;
};

interface Spoken {
  readonly id: number;
}

/** The least that two processes can do: numbered lines of JSON. */
const bare: Way = {
  serve(socket) {
    hearLines(socket, (line) => {
      const { id } = JSON.parse(line) as Spoken;
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: answer })}\n`);
    });
  },
  connect(socket) {
    const waiting = new Map<number, (said: unknown) => void>();
    let calls = 0;
    hearLines(socket, (line) => {
      const said = JSON.parse(line) as Spoken;
      waiting.get(said.id)?.(said);
      waiting.delete(said.id);
    });
    return () =>
      new Promise((resolve) => {
        calls += 1;
        waiting.set(calls, resolve);
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: calls, method: requestOrder.method, params: order })}\n`);
      });
  },
};

/** The framing that `vscode-jsonrpc` comes with. */
const contentLength: Way = {
  serve(socket) {
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    connection.onRequest(requestOrder, () => answer);
    connection.listen();
  },
  connect(socket) {
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    connection.listen();
    return () => connection.sendRequest(requestOrder, order);
  },
};

interface Callee {
  call(given: RequestOrder): string;
}

const birpc: Way = {
  serve(socket) {
    createBirpc<Record<string, never>, Callee>({ call: () => answer }, linesOf(socket));
  },
  connect(socket) {
    const rpc = createBirpc<Callee, Record<string, never>>({}, linesOf(socket));
    return () => rpc.call(order);
  },
};

/** As the client process does it. */
const ours: Way = {
  serve(socket) {
    const connection = connectionOver(socket, refuse);
    connection.onRequest(requestOrder, () => answer);
    connection.listen();
  },
  connect(socket) {
    const connection = connectionOver(socket, refuse);
    connection.listen();
    return () => connection.sendRequest(requestOrder, order);
  },
};

export const ways: ReadonlyMap<string, Way> = new Map([
  ['bare', bare],
  ['content-length', contentLength],
  ['birpc', birpc],
  ['ours', ours],
]);

function linesOf(socket: Socket) {
  return {
    post: (text: string) => void socket.write(`${text}\n`),
    on: (hear: (text: string) => void) => hearLines(socket, hear),
    serialize: JSON.stringify,
    deserialize: JSON.parse,
  };
}

function hearLines(socket: Socket, hear: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(line);
  });
}
