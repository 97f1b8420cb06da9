/** A connection between two programs that breaks as a test says. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * `pass`: as if it were not there. `refuse`: nobody listens, and connections are reset. `reset`: every connection is
 * reset as soon as something is said on it. `silence`: connections stay open, and nothing arrives at either end.
 */
export type ProxyMode = 'pass' | 'refuse' | 'reset' | 'silence';

export interface TcpProxy {
  readonly port: number;
  /** Of connections that there are and of new ones. */
  setMode(mode: ProxyMode): Promise<void>;
  /** Resets every connection that there is; new ones pass. */
  resetAll(): void;
  /** From now on, everything takes so many milliseconds more, each way. */
  setDelay(delayMs: number): void;
  /**
   * The next message of a client with this text in it reaches the server; instead of the answer, the client's connection
   * is reset. Resolves then.
   */
  cutAnswerTo(text: string): Promise<void>;
  /**
   * The next message of a client with this text in it does not arrive, until it is let go: then it does, whatever became
   * of the client.
   */
  holdBack(text: string): { readonly held: Promise<void>; letGo(): void };
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

interface Hold {
  readonly text: string;
  readonly hold: (deliver: () => void) => void;
}

export async function createTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let mode: ProxyMode = 'pass';
  let delayMs = 0;
  let cut: { readonly text: string; readonly done: () => void } | null = null;
  let hold: Hold | null = null;

  /** In order, as `delayMs` may change. */
  const deliver = (to: Socket, chunk: Buffer) => {
    if (delayMs === 0) to.write(chunk);
    else setTimeout(() => to.write(chunk), delayMs);
  };

  function accept(client: Socket): void {
    const server = connect(targetPort, '127.0.0.1');
    const pair = { client, server };
    pairs.add(pair);
    let isCut = false;
    /** What the client does no longer matters to what is under way to the server. */
    let isHeld = false;
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      if (!isHeld) server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
    client.on('data', (chunk: Buffer) => {
      if (mode === 'reset') client.resetAndDestroy();
      if (mode !== 'pass') return;
      if (cut !== null && chunk.includes(cut.text)) {
        const { done } = cut;
        cut = null;
        isCut = true;
        server.once('data', () => {
          client.resetAndDestroy();
          done();
        });
      }
      if (hold !== null && chunk.includes(hold.text)) {
        isHeld = true;
        hold.hold(() => {
          server.once('data', end);
          server.write(chunk);
        });
        hold = null;
        return;
      }
      deliver(server, chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (mode === 'pass' && !isCut) deliver(client, chunk);
    });
  }

  let listener = await listen(0, accept);
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  function resetAll(): void {
    for (const { client } of pairs) client.resetAndDestroy();
  }

  async function endListening(): Promise<void> {
    if (!listener.listening) return;
    const closed = once(listener, 'close');
    listener.close();
    resetAll();
    await closed;
  }

  return {
    port,
    async setMode(next) {
      mode = next;
      if (next === 'refuse') await endListening();
      else if (!listener.listening) listener = await listen(port, accept);
    },
    resetAll,
    setDelay: (ms) => {
      delayMs = ms;
    },
    cutAnswerTo: (text) =>
      new Promise((done) => {
        cut = { text, done };
      }),
    holdBack(text) {
      let letGo = () => {};
      const held = new Promise<void>((resolve) => {
        hold = {
          text,
          hold: (go) => {
            letGo = go;
            resolve();
          },
        };
      });
      return { held, letGo: () => letGo() };
    },
    async close() {
      await endListening();
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
    },
  };
}

async function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer(accept).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
