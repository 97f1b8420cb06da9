/** The client process: it holds sessions for one control plane at a time, and ends them when none comes back. */

import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { isSystemError, systemCodeOf } from '../../../system-error.ts';
import { wordsOf } from '../../../text/error-words.ts';
import { version } from '../../../version.ts';
import { startTimeOf } from '../../process/identity.ts';
import { createLoopLag } from '../../protocol/loop-lag.ts';
import { createSessions, type OwnSessions } from '../../sessions.ts';
import { type ProcessIdentity, readIdentity, socketFor, writeIdentity } from '../identity-file.ts';
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
import { createFarEnd, type FarEnd } from './far-end.ts';
import { SocketOutlet } from './socket-outlet.ts';

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

/** Without a watchdog: figures are told this often, in milliseconds. */
const unwatchedBeatMs = 5_000;

/** Until a control plane has said how long it may be away, in milliseconds. */
const firstGraceMs = 30_000;

/** Throws if it cannot listen, or another one does. */
export async function serveClientProcess(options: ClientProcessOptions): Promise<ClientProcess> {
  const holder = new Holder(options);
  await holder.listen();
  return holder;
}

class Holder implements ClientProcess {
  readonly #options: ClientProcessOptions;
  readonly #identity: ProcessIdentity;
  readonly #server: Server;
  readonly #lag = createLoopLag();
  #lagWatch = this.#lag.mark();
  #sessions: OwnSessions | null = null;
  #far: FarEnd | null = null;
  /** Resolves with what kept it from ending what an earlier run left behind; null: nothing. */
  #reaping: Promise<string | null> | null = null;
  #socket: Socket | null = null;
  #listener: MessageConnection | null = null;
  /** The last word of each trouble that stands until it is over: a control plane that comes later knows of none. */
  readonly #standing = new Map<Trouble['of'], Trouble>([
    ['record', { of: 'record', ...told(null) }],
    ['guard', { of: 'guard', ...told(null) }],
  ]);
  #settings: HolderSettings = { watchdogMs: 0, orphanGraceMs: firstGraceMs, stops: [] };
  #beats: NodeJS.Timeout | undefined;
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
    removeOldSocket(socket);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(socket, resolve);
    });
    chmodSync(socket, 0o600);
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
    clearInterval(this.#beats);
    this.#server.close();
    removeOwn(stateDir, this.#identity);
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
    far.serve(connection);
    for (const trouble of this.#standing.values()) this.#tell(trouble);
    log(`A control plane came; ${order.keep.length} of ${far.sessions.length} sessions are kept.`);
    // It takes as long as its servers do.
    void far.endAllBut(order.keep);
    clearTimeout(this.#unclaimed);
    this.#unclaimed = setTimeout(() => far.endUnclaimed(), order.orphanGraceMs);
    this.#reaping ??= this.#reap();
    const problem = await this.#reaping;
    // The next control plane may have more luck.
    if (problem !== null) this.#reaping = null;
    return { generations: [...(this.#sessions?.generations ?? [])], problem };
  }

  #open({ clientInfo }: TakeOrder): FarEnd {
    if (this.#far !== null) return this.#far;
    const tell = (trouble: Trouble): void => this.#tell(trouble);
    this.#sessions = createSessions({
      stateDir: this.#options.stateDir,
      clientInfo,
      host: null,
      outlet: this.#outlet,
      onError: (message) => tell({ of: 'error', message }),
      onStray: (news) => tell({ of: 'stray', news }),
      onRecordTrouble: (error) => tell({ of: 'record', ...told(error) }),
      onGuardTrouble: (reason) => tell({ of: 'guard', reason, code: null }),
      onSocketRefused: (error) => tell({ of: 'socket', reason: wordsOf(error), code: systemCodeOf(error) }),
      onRefused: (server, bound) => tell({ of: 'refused', server, bound }),
    });
    this.#far = createFarEnd(this.#sessions.open);
    return this.#far;
  }

  async #reap(): Promise<string | null> {
    try {
      await this.#sessions?.reap(
        (record) => this.#tell({ of: 'reaped', record }),
        (server) => new Map(this.#settings.stops).get(server) ?? usualStop,
      );
      return null;
    } catch (error) {
      return wordsOf(error);
    }
  }

  #configure({ watchdogMs, orphanGraceMs, stops }: HolderSettings): void {
    this.#settings = { watchdogMs, orphanGraceMs, stops };
    clearInterval(this.#beats);
    this.#beats = setInterval(() => this.#beat(), watchdogMs > 0 ? watchdogMs / 2 : unwatchedBeatMs);
    this.#beat();
  }

  #beat(): void {
    const { worstMs } = this.#lagWatch;
    this.#lag.release(this.#lagWatch);
    this.#lagWatch = this.#lag.mark();
    const sessions = this.#sessions;
    if (sessions === null) return;
    // It never rejects.
    void this.#listener?.sendNotification(beatNews, {
      lagMs: Math.max(0, worstMs),
      sessions: this.#far?.sessions.length ?? 0,
      remote: sessions.remoteConnections(),
      held: sessions.heldBytes(),
    });
  }

  #tell(trouble: Trouble): void {
    if (trouble.of === 'error') this.#options.log(trouble.message);
    if (this.#standing.has(trouble.of)) this.#standing.set(trouble.of, trouble);
    void this.#listener?.sendNotification(troubleNews, trouble);
  }

  #awaitControlPlane(): void {
    if (this.#ending !== null) return;
    const { orphanGraceMs } = this.#settings;
    this.#grace = setTimeout(() => void this.end(`no control plane came for ${orphanGraceMs} ms`), orphanGraceMs);
  }
}

const usualStop = { closeMs: 2_000, terminateMs: 3_000, killMs: 2_000, strays: 'end' } as const;

function told(error: unknown): { readonly reason: string | null; readonly code: string | null } {
  return error === null ? { reason: null, code: null } : { reason: wordsOf(error), code: systemCodeOf(error) };
}

/** What a process that was killed left there. Throws if it is something else, which is not ours to remove. */
function removeOldSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is not a socket: it is in the way of the client process`);
  rmSync(path, { force: true });
}

/** The files of this process, unless another one has put its own there meanwhile. */
function removeOwn(stateDir: string, { instance, socket }: ProcessIdentity): void {
  try {
    if (readIdentity(stateDir)?.instance !== instance) return;
    rmSync(socket, { force: true });
  } catch (error) {
    // Files that are left there are recognised by the next start.
    if (!isSystemError(error, 'ENOENT')) return;
  }
}
