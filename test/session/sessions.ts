/**
 * Sessions under test: what they tell is kept, and the other side is a real program or a peer whose every word the test
 * says.
 */

import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { ClientCapabilities, Session, SessionNews } from '../../src/session/contract.ts';
import { openHostedLink } from '../../src/session/hosted/link.ts';
import type { Link, LinkEars } from '../../src/session/link.ts';
import { createOpenSession } from '../../src/session/open.ts';
import { createGuard } from '../../src/session/process/guard.ts';
import { createProcessRegistry } from '../../src/session/process/registry.ts';
import { createLoopLag } from '../../src/session/protocol/loop-lag.ts';
import { openStdioLink } from '../../src/session/stdio/link.ts';
import type { HostedSpecification } from '../../src/specification.ts';
import { until } from '../support/processes.ts';

export const stop = { closeMs: 2_000, terminateMs: 3_000, killMs: 2_000 };

/** Only what a session reads of it differs from test to test. */
export function specification(settings: Partial<HostedSpecification> = {}): HostedSpecification {
  return {
    name: 'peer',
    enabled: true,
    required: false,
    group: 'default',
    dependsOn: [],
    lazy: false,
    idleStopMs: 300_000,
    installTimeoutMs: 120_000,
    startTimeoutMs: 30_000,
    callTimeoutMs: 60_000,
    callMaxMs: 600_000,
    maxConcurrentCalls: 64,
    maxQueuedCalls: 1_024,
    maxMessageBytes: 64 * 1024 * 1024,
    stderrTailBytes: 64 * 1024,
    heartbeat: { intervalMs: 15_000, timeoutMs: 5_000, misses: 3, busyMisses: 6 },
    restart: {
      kind: 'permanent',
      firstDelayMs: 0,
      baseMs: 500,
      factor: 2,
      capMs: 30_000,
      maxConsecutive: 8,
      intensity: 10,
      periodMs: 300_000,
      stableAfterMs: 60_000,
      flappingPerHour: 30,
      permanentExitCodes: [78, 126, 127],
    },
    stop,
    tools: { include: [], exclude: [] },
    autoApprove: [],
    transport: { hosted: 'in-memory' },
    entry: {},
    ...settings,
  };
}

type NewsOf<Type extends SessionNews['type']> = Extract<SessionNews, { type: Type }>;

export interface RecordedSession {
  readonly session: Session;
  readonly news: readonly SessionNews[];
  /** Resolves with the first news of that type, told or to come. */
  heard<Type extends SessionNews['type']>(type: Type): Promise<NewsOf<Type>>;
  types(): readonly string[];
  /** Kills what is left. */
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly settings?: Partial<HostedSpecification>;
  readonly capabilities?: ClientCapabilities;
}

export function openRecorded(
  openLink: (ears: LinkEars) => Link,
  { settings, capabilities = {} }: SessionOptions = {},
): RecordedSession {
  const news: SessionNews[] = [];
  const openSession = createOpenSession({
    openLink: (_request, ears) => openLink(ears),
    clientInfo: { name: 'test', version: '1.0.0' },
    loopLag: createLoopLag(),
  });
  const session = openSession(
    { server: 'peer', specification: specification(settings), generation: 1, capabilities },
    (told) => news.push(told),
  );
  const find = <Type extends SessionNews['type']>(type: Type) =>
    news.find((told): told is NewsOf<Type> => told.type === type);
  const heard = async <Type extends SessionNews['type']>(type: Type): Promise<NewsOf<Type>> => {
    await until(`"${type}" is told (so far: ${JSON.stringify(news)})`, () => find(type) !== undefined);
    const told = find(type);
    if (told === undefined) throw new Error(`"${type}" was told and is gone.`);
    return told;
  };
  const close = async () => {
    session.end('kill');
    await heard('ended');
  };
  return { session, news, heard, types: () => news.map(({ type }) => type), close };
}

/** A program of `test/servers` as a real process. */
export function openProgram(
  program: string,
  args: readonly string[] = [],
  options: SessionOptions = {},
): RecordedSession {
  const guard = createGuard();
  const registry = createProcessRegistry({ stateDir: null });
  const path = fileURLToPath(new URL(`../servers/${program}.mjs`, import.meta.url));
  const recorded = openRecorded(
    (ears) =>
      openStdioLink(
        {
          server: 'peer',
          generation: 1,
          command: process.execPath,
          args: [path, ...args],
          env: { PATH: process.env.PATH ?? '' },
          cwd: tmpdir(),
          policy: specification(options.settings),
          registry,
          guard,
        },
        ears,
      ),
    options,
  );
  return {
    ...recorded,
    close: async () => {
      await recorded.close();
      await guard.close();
    },
  };
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

/** A session with a peer in this process, not yet ready. */
export function openPeer(
  options: SessionOptions & { readonly answers?: Answers; readonly ears?: (ears: LinkEars) => LinkEars } = {},
): RecordedSession & { readonly peer: Peer } {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const peer = new Peer(far, options.answers);
  const recorded = openRecorded(
    (ears) => openHostedLink({ kind: 'in-memory', create: () => near, stop }, options.ears?.(ears) ?? ears),
    options,
  );
  return { ...recorded, peer };
}

export async function openReadyPeer(
  options: SessionOptions & { readonly answers?: Answers } = {},
): Promise<RecordedSession & { readonly peer: Peer }> {
  const opened = openPeer(options);
  await opened.heard('ready');
  return opened;
}

/** How a promise ended, as one word: `done`, or the code of the error. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
