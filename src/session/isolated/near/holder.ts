/** Carries out what the chart of the client process orders, and tells it what happened. */

import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { HolderNews, HolderOrder } from '../../../../machines/client-process/events.ts';
import { wordsOf } from '../../../text/error-words.ts';
import { isAlive, startTimeOf } from '../../process/identity.ts';
import { readIdentity } from '../identity-file.ts';
import { type Beat, configureOrder, endAllOrder } from '../protocol.ts';
import { endLost, killLostNow } from './clear.ts';
import { connectTo, type Finding, type Found, findClientProcess, introduce } from './find.ts';
import { type ClientProgram, type Exit, type Forked, forkClientProcess } from './fork.ts';
import { blameOf, lossOf, refusalOf } from './losses.ts';
import type { NearEnd } from './near-end.ts';
import { type OwnLog, openOwnLog } from './own-log.ts';
import { Silence } from './silence.ts';
import { type TakingParts, takeProcess } from './taking.ts';

export interface HolderOptions extends TakingParts {
  readonly stateDir: string;
  readonly program: ClientProgram;
  readonly near: NearEnd;
  readonly onBeat: (beat: Beat) => void;
  readonly onError: (message: string) => void;
}

/** How often it is looked whether a process is gone, in milliseconds. */
const lookMs = 20;

interface Known {
  readonly pid: number;
  readonly startTime: string | null;
}

/** Without the moment, which the chart's actor adds. */
export type HolderTold = HolderNews extends infer News
  ? News extends HolderNews
    ? Omit<News, 'at' | 'random'>
    : never
  : never;

/** What the chart's actor uses of it. */
export type ProcessHolder = Pick<Holder, 'listen' | 'carryOut'>;

export class Holder {
  readonly #options: HolderOptions;
  #tell: (news: HolderTold) => void = () => {};
  /** Aborted when what is under way is given up for another order. */
  #given = new AbortController();
  #found: Found | null = null;
  #forked: Forked | null = null;
  #known: Known | null = null;
  #log: OwnLog | null = null;
  #socket: Socket | null = null;
  #connection: MessageConnection | null = null;
  /** Its end was asked for, or is being made: that it is gone is no news. */
  #isLeaving = false;
  /** It serves us, and so has to speak. */
  #speaks = false;
  readonly #silence = new Silence();

  constructor(options: HolderOptions) {
    this.#options = options;
  }

  get logPath(): string {
    return join(this.#options.stateDir, 'logs', 'client-process.log');
  }

  /** Who is told, from now on. */
  listen(tell: (news: HolderTold) => void): void {
    this.#tell = tell;
  }

  carryOut(order: HolderOrder): void {
    const { generation } = order;
    this.#silence.stop();
    if (order.type !== 'drain') {
      this.#given.abort();
      this.#given = new AbortController();
    }
    const { signal } = this.#given;
    this.#workOf(order, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#tell({ type: 'holder.lost', generation, failure: lossOf(wordsOf(error)) });
    });
  }

  /** The process goes by other settings. */
  configure(): void {
    // It never rejects: nothing is written to a connection that is closed.
    void this.#connection?.sendNotification(configureOrder, this.#options.settings());
  }

  /** This control plane goes; the process waits for the next one. */
  leave(): void {
    this.#isLeaving = true;
    this.#given.abort();
    this.#silence.stop();
    // At once: what is said to a session from now on must not reach it.
    this.#options.near.detach();
    this.#connection = null;
    this.#letGoOfSockets();
    this.#log?.close();
    this.#log = null;
  }

  killAllNow(): void {
    killLostNow(this.#options.stateDir, this.#known);
  }

  #workOf(order: HolderOrder, signal: AbortSignal): Promise<void> {
    const { generation } = order;
    switch (order.type) {
      case 'probe':
        return this.#probe(generation, signal);
      case 'adopt':
        return this.#adopt(generation);
      case 'fork':
        return this.#fork(generation, signal);
      case 'clear':
        return this.#clear(generation, order.isCareful, signal);
      case 'drain':
        return this.#drain(generation);
      case 'end':
        return this.#end(generation, signal);
    }
  }

  async #probe(generation: number, signal: AbortSignal): Promise<void> {
    this.#isLeaving = false;
    const { stateDir, onError } = this.#options;
    const known = this.#known;
    const finding = await findClientProcess({
      stateDir,
      signal,
      // One that never answers has to be ended all the same.
      onAlive: (identity) => {
        this.#known = identity;
      },
      onError: (error) => onError(wordsOf(error)),
    });
    if (signal.aborted) return letGo(finding);
    switch (finding.kind) {
      case 'none':
        this.#tell({ type: 'holder.none', generation });
        break;
      case 'foreign':
        this.#known = known;
        this.#tell({ type: 'holder.refused', generation, failure: refusalOf(finding.reason) });
        break;
      case 'mute':
        this.#tell({ type: 'holder.lost', generation, failure: lossOf(`it does not answer (${finding.reason})`) });
        break;
      case 'found':
        await this.#meet(generation, finding, signal);
        break;
    }
  }

  async #meet(generation: number, { found, isSame }: Extract<Finding, { kind: 'found' }>, signal: AbortSignal) {
    this.#found = found;
    this.#known = found.identity;
    if (found.welcome.isEnding) {
      this.#tell({ type: 'holder.ending', generation });
      await closed(found.socket);
      if (!signal.aborted) this.#tell({ type: 'holder.none', generation });
      return;
    }
    // If it is to be replaced, it is asked to end over this connection.
    this.#connection = found.connection;
    this.#socket = found.socket;
    this.#tell({ type: isSame ? 'holder.found' : 'holder.outdated', generation });
  }

  async #adopt(generation: number): Promise<void> {
    const found = this.#found;
    if (found === null) throw new Error('nothing was found that could be taken over');
    await this.#take(generation, found, true);
  }

  async #fork(generation: number, signal: AbortSignal): Promise<void> {
    const { stateDir, program } = this.#options;
    this.#isLeaving = false;
    this.#log?.close();
    const log = openOwnLog(this.logPath);
    this.#log = log;
    const forked = forkClientProcess(program, stateDir, log);
    const { pid } = forked;
    this.#forked = forked;
    this.#known = pid === null ? null : { pid, startTime: startTimeOf(pid) };
    void forked.exited.then((exit) => this.#exited(generation, forked, exit));
    await Promise.race([forked.listening, aborted(signal), forked.exited]);
    const identity = readIdentity(stateDir);
    if (signal.aborted || pid === null || identity?.pid !== pid) return;
    this.#tell({ type: 'holder.forked', generation, pid });
    const opened = await connectTo(identity.socket);
    if (!('socket' in opened)) throw new Error(opened.reason);
    const parts = { stateDir, signal, onError: (error: unknown) => this.#options.onError(wordsOf(error)) };
    const finding = await introduce(parts, identity, opened.socket);
    if (signal.aborted) return letGo(finding);
    if (finding.kind !== 'found') throw new Error('reason' in finding ? finding.reason : 'it is gone');
    await this.#take(generation, finding.found, false);
  }

  async #take(generation: number, found: Found, isAdopted: boolean): Promise<void> {
    const { near, onBeat } = this.#options;
    const { connection, socket, welcome, identity } = found;
    this.#connection = connection;
    this.#speaks = true;
    this.#socket = socket;
    this.#known = identity;
    this.#log ??= this.#openLog();
    socket.once('close', () => this.#disconnected(generation, connection));
    // The first beats come before it is taken: the chart hears the last of them after that.
    let tellBeat: ((beat: Beat) => void) | null = null;
    let early: Beat | null = null;
    const kept = await takeProcess(found, this.#options, (beat) => {
      if (this.#connection !== connection) return;
      this.#log?.trim();
      this.#silence.heard();
      onBeat(beat);
      if (tellBeat === null) early = beat;
      else tellBeat(beat);
    });
    if (this.#connection !== connection) return;
    near.attach(connection, kept);
    const startedAt = Date.parse(welcome.startedAt);
    const sessions = kept.length;
    this.#tell({ type: 'holder.connected', generation, pid: welcome.pid, startedAt, adopted: isAdopted, sessions });
    tellBeat = ({ lagMs, sessions: held }) => this.#tell({ type: 'holder.beat', generation, lagMs, sessions: held });
    if (early !== null) tellBeat(early);
  }

  /** A log that cannot be opened is no reason to give sessions up. */
  #openLog(): OwnLog | null {
    try {
      return openOwnLog(this.logPath);
    } catch (error) {
      this.#options.onError(`${this.logPath}: ${wordsOf(error)}`);
      return null;
    }
  }

  async #clear(generation: number, isCareful: boolean, signal: AbortSignal): Promise<void> {
    const { stateDir, near, onReaped, onError } = this.#options;
    this.#isLeaving = true;
    this.#connection = null;
    near.detach();
    this.#letGoOfSockets();
    this.#forked?.kill();
    try {
      for (const record of await endLost(stateDir, this.#known)) onReaped(record);
    } catch (error) {
      onError(`processes.json: ${wordsOf(error)}`);
    }
    // It was ordered again, and that order tells.
    if (signal.aborted) return;
    const { starting } = near;
    const blamed = isCareful && starting.length === 1 ? starting : [];
    near.lose((server) => (blamed.includes(server) ? blameOf() : lossOf('it is gone')));
    this.#forget();
    this.#tell({ type: 'holder.cleared', generation, blamed });
  }

  async #drain(generation: number): Promise<void> {
    this.#watch(generation);
    await this.#options.near.drain();
    this.#tell({ type: 'holder.drained', generation });
  }

  async #end(generation: number, signal: AbortSignal): Promise<void> {
    const { near } = this.#options;
    this.#isLeaving = true;
    this.#watch(generation);
    const socket = this.#socket;
    if (socket !== null && !socket.destroyed) {
      const gone = closed(socket);
      // Its answer comes just before it is gone.
      await this.#connection?.sendRequest(endAllOrder).catch(() => {});
      await gone;
    }
    await this.#forked?.exited;
    // Of one that is no child of ours only the connection was seen to end.
    while (!signal.aborted && this.#known !== null && isAlive(this.#known)) await delay(lookMs);
    // It took too long, and what is left is being cleared away.
    if (signal.aborted) return;
    near.lose(() => lossOf('it was ended'));
    this.#forget();
    this.#tell({ type: 'holder.gone', generation });
  }

  /** One that hangs while it is replaced or ended would do neither, and its servers would be shown as they were. */
  #watch(generation: number): void {
    if (!this.#speaks) return;
    const { watchdogMs } = this.#options.settings();
    const failure = lossOf(`it said nothing for ${watchdogMs} ms`);
    this.#silence.watch(watchdogMs, () => this.#tell({ type: 'holder.lost', generation, failure }));
  }

  #letGoOfSockets(): void {
    this.#found?.socket.destroy();
    this.#socket?.destroy();
  }

  #forget(): void {
    this.#silence.stop();
    this.#speaks = false;
    this.#forked = null;
    this.#known = null;
    this.#found = null;
    this.#connection = null;
    this.#socket = null;
  }

  #exited(generation: number, forked: Forked, { reason, exitCode, signal }: Exit): void {
    if (this.#forked !== forked || this.#isLeaving) return;
    const details = { exitCode, signal, stderrTail: this.#log?.tail() ?? [] };
    this.#tell({ type: 'holder.lost', generation, failure: { ...lossOf(reason), ...details } });
  }

  #disconnected(generation: number, connection: MessageConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.#options.near.detach();
    // Of a child of ours, its exit says more.
    if (!this.#isLeaving) setImmediate(() => this.#tell({ type: 'holder.disconnected', generation }));
  }
}

function letGo(finding: Finding): void {
  if (finding.kind === 'found') finding.found.socket.destroy();
}

function closed(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
