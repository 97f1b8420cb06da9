/** The client process: it holds sessions for one control plane at a time, and ends them when none comes back. */

import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { wordsOf } from '../../../text/error-words.ts';
import { version } from '../../../version.ts';
import { startTimeOf } from '../../process/identity.ts';
import { createSessions, type OwnSessions } from '../../sessions.ts';
import { type ProcessIdentity, socketFor, writeIdentity } from '../identity-file.ts';
import { connectionOver } from '../lines.ts';
import { proofOf } from '../proof.ts';
import {
  beatNews,
  configureOrder,
  endAllOrder,
  type HolderSettings,
  helloOrder,
  protocol,
  type Taken,
  type TakeOrder,
  type Trouble,
  takeOrder,
  troubleNews,
  type Welcome,
} from '../protocol.ts';
import { Beats } from './beats.ts';
import { createFarEnd, type FarEnd } from './far-end.ts';
import { listenOn, removeSocket } from './own-socket.ts';
import { SocketOutlet } from './socket-outlet.ts';
import { Troubles } from './troubles.ts';

export interface ClientProcessOptions {
  readonly stateDir: string;
  /** For a socket whose path would be too long. */
  readonly temporary: string;
  readonly pid: number;
  /** Called once, when it has ended everything and has to exit. */
  readonly onEnd: () => void;
  /** Its own log: lines for people. */
  readonly log: (line: string) => void;
}

export interface ClientProcess {
  /** Ends every session and then itself. May be called twice. */
  end(reason: string): Promise<void>;
  /** Sends SIGKILL to every group, synchronously. */
  killAllNow(): void;
}

/** Until a control plane has said how long it may be away, in milliseconds. */
const firstGraceMs = 30_000;

/** Throws if it cannot listen, or another one does. */
export async function serveClientProcess(options: ClientProcessOptions): Promise<ClientProcess> {
  const serving = new ServingProcess(options);
  await serving.listen();
  return serving;
}

class ServingProcess implements ClientProcess {
  readonly #options: ClientProcessOptions;
  readonly #identity: ProcessIdentity;
  readonly #server: Server;
  readonly #beats = new Beats((lagMs) => this.#beat(lagMs));
  readonly #troubles = new Troubles((trouble) => this.#tell(trouble));
  #sessions: OwnSessions | null = null;
  #far: FarEnd | null = null;
  /** Resolves with what kept it from ending what an earlier run left behind; null: nothing. */
  #reaping: Promise<string | null> | null = null;
  #socket: Socket | null = null;
  #listener: MessageConnection | null = null;
  #settings: HolderSettings = { watchdogMs: 0, orphanGraceMs: firstGraceMs, stops: [] };
  #grace: NodeJS.Timeout | undefined;
  /** Until what was kept for the control plane has to be asked for. */
  #unclaimed: NodeJS.Timeout | undefined;
  #ending: Promise<void> | null = null;
  readonly #outlet = new SocketOutlet(() => this.#socket);

  constructor(options: ClientProcessOptions) {
    const { stateDir, temporary, pid } = options;
    this.#options = options;
    this.#identity = {
      instance: randomBytes(8).toString('hex'),
      pid,
      startTime: startTimeOf(pid),
      startedAt: new Date().toISOString(),
      socket: socketFor(stateDir, temporary),
      protocol,
      version,
      key: randomBytes(32).toString('hex'),
    };
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  async listen(): Promise<void> {
    const { socket } = this.#identity;
    await listenOn(socket, this.#server);
    await writeIdentity(this.#options.stateDir, this.#identity);
    this.#awaitControlPlane();
    this.#options.log(`Listening on ${socket}.`);
  }

  end(reason: string): Promise<void> {
    this.#ending ??= this.#endAll(reason);
    return this.#ending;
  }

  killAllNow(): void {
    this.#sessions?.killAllNow();
  }

  async #endAll(reason: string): Promise<void> {
    const { log, stateDir, onEnd } = this.#options;
    log(`Ending every session: ${reason}.`);
    clearTimeout(this.#grace);
    clearTimeout(this.#unclaimed);
    // What is being ended from an earlier run is ended to its end.
    await this.#reaping;
    await this.#far?.endAll();
    await this.#sessions?.close();
    this.#beats.stop();
    this.#server.close();
    removeSocket(stateDir, this.#identity);
    log('Nothing is left.');
    setImmediate(onEnd);
  }

  #welcome(socket: Socket): void {
    const { log } = this.#options;
    // The connection reports what was lost with it.
    socket.on('error', () => {});
    const connection = connectionOver(socket, (error) => log(wordsOf(error)));
    connection.onRequest(helloOrder, ({ nonce }) => this.#introduce(nonce));
    connection.onRequest(takeOrder, (order) => this.#take(connection, socket, order));
    connection.onNotification(configureOrder, (settings) => this.#configure(settings));
    connection.onRequest(endAllOrder, async () => {
      await this.end('its control plane said so');
      return null;
    });
    connection.listen();
  }

  #introduce(nonce: string): Welcome {
    const { instance, pid, startedAt, key } = this.#identity;
    const sessions = this.#far?.sessions ?? [];
    const isEnding = this.#ending !== null;
    return { protocol, version, instance, pid, startedAt, isEnding, proof: proofOf(key, nonce), sessions };
  }

  async #take(connection: MessageConnection, socket: Socket, order: TakeOrder): Promise<Taken> {
    if (this.#ending !== null) throw new Error('It is ending.');
    const { log } = this.#options;
    clearTimeout(this.#grace);
    // There is one control plane in a state directory: one that was connected before has lost its connection.
    this.#socket?.destroy();
    this.#socket = socket;
    this.#listener = connection;
    this.#outlet.watch(socket);
    socket.once('close', () => {
      if (this.#listener !== connection) return;
      this.#listener = null;
      log('The control plane is gone.');
      this.#awaitControlPlane();
    });
    this.#configure(order);
    const far = this.#open(order);
    far.serve(connection, () => this.#awaitClaims(far));
    this.#troubles.retell();
    log(`A control plane came; ${order.keep.length} of ${far.sessions.length} sessions are kept.`);
    // It takes as long as its servers do.
    void far.endAllBut(order.keep);
    this.#awaitClaims(far);
    this.#reaping ??= this.#reap();
    const problem = await this.#reaping;
    // The next control plane may have more luck.
    if (problem !== null) this.#reaping = null;
    return { generations: [...(this.#sessions?.generations ?? [])], problem };
  }

  /** From the last one on: its charts take over one session after another, and a busy machine takes long for each. */
  #awaitClaims(far: FarEnd): void {
    clearTimeout(this.#unclaimed);
    const withinMs = Math.max(this.#settings.orphanGraceMs, leastClaimMs);
    this.#unclaimed = setTimeout(() => far.endUnclaimed(), withinMs);
  }

  #open({ clientInfo }: TakeOrder): FarEnd {
    if (this.#far !== null) return this.#far;
    this.#sessions = createSessions({
      ...this.#troubles.listeners,
      stateDir: this.#options.stateDir,
      clientInfo,
      host: null,
      outlet: this.#outlet,
    });
    this.#far = createFarEnd(this.#sessions.open, this.#outlet);
    return this.#far;
  }

  async #reap(): Promise<string | null> {
    try {
      await this.#sessions?.reap(
        (record) => this.#troubles.tell({ of: 'reaped', record }),
        (server) => new Map(this.#settings.stops).get(server) ?? usualStop,
      );
      return null;
    } catch (error) {
      return wordsOf(error);
    }
  }

  #configure({ watchdogMs, orphanGraceMs, stops }: HolderSettings): void {
    this.#settings = { watchdogMs, orphanGraceMs, stops };
    this.#beats.start(watchdogMs);
  }

  #beat(lagMs: number): void {
    const sessions = this.#sessions;
    if (sessions === null) return;
    // It never rejects.
    void this.#listener?.sendNotification(beatNews, {
      lagMs,
      sessions: this.#far?.sessions.length ?? 0,
      remote: sessions.remoteConnections(),
      held: sessions.heldBytes(),
    });
  }

  #tell(trouble: Trouble): void {
    if (trouble.of === 'error') this.#options.log(trouble.message);
    // It never rejects.
    void this.#listener?.sendNotification(troubleNews, trouble);
  }

  #awaitControlPlane(): void {
    if (this.#ending !== null) return;
    const { orphanGraceMs } = this.#settings;
    this.#grace = setTimeout(() => void this.end(`no control plane came for ${orphanGraceMs} ms`), orphanGraceMs);
  }
}

/** Without a claim for this time a control plane that is there has all it wants, in milliseconds. */
const leastClaimMs = 10_000;

const usualStop = { closeMs: 2_000, terminateMs: 3_000, killMs: 2_000, strays: 'end' } as const;
