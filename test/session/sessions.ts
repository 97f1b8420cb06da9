/**
 * Sessions under test: what they tell is kept, and the other side is a real program or a peer whose every word the test
 * says. Each test runs twice: with the session as it is, and over the hop to a client process.
 */

import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { createBudget } from '../../src/session/budget.ts';
import type { Heard, OpenSession, Session, SessionNews } from '../../src/session/contract.ts';
import type { HostParts } from '../../src/session/hosted/parts.ts';
import type { Link, TellLinkNews } from '../../src/session/link.ts';
import { LiveSession } from '../../src/session/live/live-session.ts';
import { createLoopLag } from '../../src/session/protocol/loop-lag.ts';
import type { CallLimits, ClientCapabilities, SessionSpecification, SessionTarget } from '../../src/session/request.ts';
import { createSessions } from '../../src/session/sessions.ts';
import { until } from '../support/processes.ts';
import { throughTheHop } from './isolated/hop.ts';
import { plenty } from './rooms.ts';

export const stop = { closeMs: 2_000, terminateMs: 3_000, killMs: 2_000, strays: 'end' } as const;

/** For `describe.each`. */
export const ways: readonly (readonly [string, (open: OpenSession) => OpenSession])[] = [
  ['as it is', (open) => open],
  ['in another process', throughTheHop],
];

/** Only what differs from test to test is said there. */
export type Settings = Partial<CallLimits & Omit<SessionSpecification, 'target' | 'limits' | 'secrets'>>;

export function specification(target: SessionTarget, settings: Settings = {}): SessionSpecification {
  const { callTimeoutMs = 60_000, callMaxMs = 600_000, maxConcurrentCalls = 64, ...rest } = settings;
  const { maxQueuedCalls = 1_024, ...others } = rest;
  return {
    target,
    limits: { callTimeoutMs, callMaxMs, maxConcurrentCalls, maxQueuedCalls },
    startTimeoutMs: 30_000,
    maxMessageBytes: 64 * 1024 * 1024,
    stderrTailBytes: 64 * 1024,
    stop,
    secrets: [],
    ...others,
  };
}

type NewsOf<Type extends SessionNews['type']> = Extract<SessionNews, { type: Type }>;

export interface RecordedSession {
  readonly session: Session;
  readonly news: readonly SessionNews[];
  /** Resolves with the first news of that type, told or to come. */
  heard<Type extends SessionNews['type']>(type: Type): Promise<NewsOf<Type>>;
  /** Of the news that come in their order: `stderr`, `signalled`, `noted`, `queued` and `heard` come at any time. */
  types(): readonly string[];
  /** How many calls wait to be sent, as it told last. */
  queued(): number;
  /** Waits until it has told that so many do. */
  queues(count: number): Promise<void>;
  /** Asks how it has been, and resolves with what it says. */
  report(): Promise<Heard>;
  /** Kills what is left. */
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly settings?: Settings;
  readonly capabilities?: ClientCapabilities;
}

export interface PeerOptions extends SessionOptions {
  readonly answers?: Answers;
}

const anyTime: ReadonlySet<string> = new Set(['stderr', 'signalled', 'noted', 'loaded', 'heard']);
const clientInfo = { name: 'test', version: '1.0.0' };
const inMemory: SessionTarget = { kind: 'hosted', transport: 'in-memory', entry: {} };

function record(
  open: OpenSession,
  target: SessionTarget,
  { settings, capabilities = {} }: SessionOptions,
): RecordedSession {
  const news: SessionNews[] = [];
  const request = { server: 'peer', specification: specification(target, settings), generation: 1, capabilities };
  const session = open(request, (told) => news.push(told));
  let questions = 0;
  const find = <Type extends SessionNews['type']>(type: Type) =>
    news.find((told): told is NewsOf<Type> => told.type === type);
  const heard = async <Type extends SessionNews['type']>(type: Type): Promise<NewsOf<Type>> => {
    await until(`"${type}" is told (so far: ${JSON.stringify(news)})`, () => find(type) !== undefined);
    const told = find(type);
    if (told === undefined) throw new Error(`"${type}" was told and is gone.`);
    return told;
  };
  const queued = (): number => news.findLast((told): told is NewsOf<'loaded'> => told.type === 'loaded')?.queued ?? 0;
  return {
    session,
    news,
    heard,
    types: () => news.map(({ type }) => type).filter((type) => !anyTime.has(type)),
    queued,
    queues: (expected) => until(`${expected} calls wait`, () => queued() === expected),
    async report() {
      questions += 1;
      const number = questions;
      session.report(number);
      const answer = () =>
        news.find((told): told is NewsOf<'heard'> => told.type === 'heard' && told.question === number);
      await until('the question is answered', () => answer() !== undefined);
      const { type: _, question: __, ...found } = answer() ?? (await heard('heard'));
      return found;
    },
    async close() {
      session.end('kill');
      await heard('ended');
    },
  };
}

/** Opens sessions, each of them in one of the two ways. */
export function sessionsVia(via: (open: OpenSession) => OpenSession) {
  /** Over a link of the test's own. */
  function openRecorded(openLink: (tell: TellLinkNews) => Link, options: SessionOptions = {}): RecordedSession {
    const parts = {
      openLink: (_: unknown, tell: TellLinkNews) => openLink(tell),
      clientInfo,
      loopLag: createLoopLag(),
      kept: createBudget(plenty),
      unfinished: createBudget(plenty),
    };
    return record(
      via((request, tell) => new LiveSession(parts, request, tell)),
      inMemory,
      options,
    );
  }

  function openTarget(
    target: SessionTarget,
    options: SessionOptions = {},
    host: HostParts | null = null,
  ): RecordedSession {
    const sessions = createSessions({ stateDir: null, clientInfo, host });
    const recorded = record(via(sessions.open), target, options);
    return {
      ...recorded,
      async close() {
        await recorded.close();
        await sessions.close();
      },
    };
  }

  /** A program of `test/servers` as a real process. */
  function openProgram(program: string, args: readonly string[] = [], options: SessionOptions = {}): RecordedSession {
    const path = fileURLToPath(new URL(`../servers/${program}.mjs`, import.meta.url));
    const env = { PATH: process.env.PATH ?? '' };
    return openTarget({ kind: 'stdio', command: process.execPath, args: [path, ...args], env, cwd: tmpdir() }, options);
  }

  /** With a peer in this process, not yet ready. */
  function openPeer(options: PeerOptions = {}): RecordedSession & { readonly peer: Peer } {
    const [near, far] = InMemoryTransport.createLinkedPair();
    const peer = new Peer(far, options.answers);
    return { ...openTarget(inMemory, options, { transports: { 'in-memory': () => near } }), peer };
  }

  async function openReadyPeer(options: PeerOptions = {}): Promise<RecordedSession & { readonly peer: Peer }> {
    const opened = openPeer(options);
    await opened.heard('ready');
    return opened;
  }

  return { openRecorded, openTarget, openProgram, openPeer, openReadyPeer };
}

export interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: { readonly [key: string]: unknown; readonly _meta?: { readonly progressToken?: number } };
  readonly result?: unknown;
  readonly error?: unknown;
}

/** What a peer says to a request; null: nothing. */
export type Answers = Readonly<Record<string, (params: Message['params']) => Partial<Message> | null>>;

/**
 * The other side of an in-memory transport. It answers `initialize` and lists one tool; everything else is said by the
 * test.
 */
export class Peer {
  readonly received: Message[] = [];
  readonly #transport: InMemoryTransport;
  readonly #answers: Answers;

  constructor(transport: InMemoryTransport, answers: Answers = {}) {
    this.#transport = transport;
    this.#answers = { ...politeAnswers, ...answers };
    transport.onmessage = (message) => this.#receive(message as Message);
  }

  send(message: Message): void {
    // Once the session has closed, what is said to it is lost.
    this.#transport.send({ jsonrpc: '2.0', ...message } as JSONRPCMessage).catch(() => {});
  }

  sent(method: string): readonly Message[] {
    return this.received.filter((message) => message.method === method);
  }

  /** The calls it got, in their order. */
  get calls(): readonly Message[] {
    return this.sent('tools/call');
  }

  /** The calls it got, when they are so many. */
  async called(times: number): Promise<readonly Message[]> {
    await until(`${times} calls have come`, () => this.calls.length >= times);
    return this.calls;
  }

  answer(call: Message | undefined, result: unknown): void {
    if (call?.id !== undefined) this.send({ id: call.id, result });
  }

  progress(call: Message | undefined, progress: number): void {
    this.send({
      method: 'notifications/progress',
      params: { progressToken: call?.params?._meta?.progressToken, progress },
    });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #receive(message: Message): void {
    this.received.push(message);
    const answer =
      message.method === undefined || message.id === undefined
        ? undefined
        : this.#answers[message.method]?.(message.params);
    if (answer !== undefined && answer !== null && message.id !== undefined) this.send({ id: message.id, ...answer });
  }
}

const politeAnswers: Answers = {
  initialize: () => ({
    result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'peer', version: '1' } },
  }),
  'tools/list': () => ({ result: { tools: [{ name: 'work', inputSchema: { type: 'object' } }] } }),
};

/** How a promise ended, as one word: `done`, or the code of the error. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
