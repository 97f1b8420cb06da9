/** A stdio link on a program of `test/servers`, whose news are kept. */

import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Link, LinkNews } from '../../../src/session/link.ts';
import type { Guard } from '../../../src/session/process/guard/guard.ts';
import { createProcessRegistry, type ProcessRegistry } from '../../../src/session/process/registry.ts';
import { createStrays } from '../../../src/session/process/strays/strays.ts';
import { openStdioLink, type StdioLinkOptions } from '../../../src/session/stdio/link.ts';
import { createMark, killMarked, pidsMarked, until } from '../../support/processes.ts';
import { roomOf } from '../rooms.ts';
import { programPath } from './program-path.ts';

/** What comes at any time is kept apart. */
type Aside = 'stderr' | 'signalled' | 'recorded';

type Told = Exclude<LinkNews, { readonly type: Aside | 'spawned' }>;
export type News = (Told | { readonly type: 'spawned'; readonly pid: number; readonly startTime: string | null }) & {
  readonly atMs: number;
};

export interface OpenedLink extends AsyncDisposable {
  readonly link: Link;
  readonly mark: string;
  readonly news: readonly News[];
  readonly messages: readonly JSONRPCMessage[];
  readonly errors: readonly Error[];
  readonly stderr: readonly string[];
  readonly signals: readonly string[];
  readonly registry: ProcessRegistry;
  readonly guarded: ReadonlySet<number>;
  /** The processes that ran when the guard was told of the server; null: it was not. */
  readonly runningAtGuard: readonly number[] | null;
  readonly isRecorded: boolean;
  /** The news of one kind, waited for. */
  heard<Type extends News['type']>(type: Type): Promise<Extract<News, { type: Type }>>;
  /** Sends a request and waits for its answer. */
  request(method: string, params?: Record<string, unknown>): Promise<JSONRPCMessage>;
  call(tool: string, args?: Record<string, unknown>): Promise<JSONRPCMessage>;
}

const stop = { closeMs: 200, terminateMs: 300, killMs: 2_000, strays: 'end' } as const;

/** Starts nothing yet: `link.transport.start()` does. Whatever is left of it is killed when it is disposed of. */
export function openLink(
  program: string,
  args: readonly string[] = [],
  changes: Partial<StdioLinkOptions> = {},
): OpenedLink {
  const mark = createMark();
  const news: News[] = [];
  const messages: JSONRPCMessage[] = [];
  const errors: Error[] = [];
  const stderr: string[] = [];
  const signals: string[] = [];
  const guarded = new Set<number>();
  const registry = createProcessRegistry({ stateDir: null });
  let runningAtGuard: readonly number[] | null = null;
  let isRecorded = false;
  const guard: Guard = {
    pid: null,
    expect() {
      runningAtGuard ??= pidsMarked(mark);
    },
    forget() {},
    add: ({ pid }) => guarded.add(pid),
    remove: (pid) => guarded.delete(pid),
    close: () => Promise.resolve(),
  };
  const link = openStdioLink(
    {
      server: 'example',
      generation: 1,
      command: process.execPath,
      args: [programPath(program), ...args, mark],
      env: { PATH: process.env.PATH ?? '' },
      cwd: process.cwd(),
      policy: { stop, maxMessageBytes: 64 * 1024 * 1024, stderrTailBytes: 64 * 1024 },
      registry,
      guard,
      strays: createStrays({ instance: registry.instance, guard, tell: () => {}, onError: () => {} }),
      secrets: [],
      room: roomOf(),
      ...changes,
    },
    (told) => {
      if (told.type === 'stderr') stderr.push(...told.lines);
      else if (told.type === 'signalled') signals.push(told.signal);
      else if (told.type === 'recorded') isRecorded = true;
      else if (told.type === 'spawned') news.push({ ...told, pid: told.pid ?? 0, atMs: performance.now() });
      else news.push({ ...told, atMs: performance.now() });
    },
  );
  link.transport.onmessage = (message) => messages.push(message);
  link.transport.onerror = (error) => errors.push(error);

  let lastId = 0;
  const find = <Type extends News['type']>(type: Type) =>
    news.find((item): item is Extract<News, { type: Type }> => item.type === type);
  const request = async (method: string, params: Record<string, unknown> = {}): Promise<JSONRPCMessage> => {
    lastId += 1;
    const id = lastId;
    await link.transport.send({ jsonrpc: '2.0', id, method, params });
    const answer = () => messages.find((message) => 'id' in message && message.id === id && !('method' in message));
    await until(`${method} is answered`, () => answer() !== undefined);
    return answer() ?? { jsonrpc: '2.0', id, result: {} };
  };
  return {
    link,
    mark,
    news,
    messages,
    errors,
    stderr,
    signals,
    registry,
    guarded,
    get runningAtGuard() {
      return runningAtGuard;
    },
    get isRecorded() {
      return isRecorded;
    },
    async heard(type) {
      await until(`${type} is heard`, () => find(type) !== undefined);
      const found = find(type);
      if (found === undefined) throw new Error(`${type} was not heard`);
      return found;
    },
    request,
    call: (tool, args = {}) => request('tools/call', { name: tool, arguments: args }),
    async [Symbol.asyncDispose]() {
      link.end('kill');
      killMarked(mark);
      await until('the link has ended', () => find('ended') !== undefined);
    },
  };
}

/** The text of a tool's answer. */
export function textOf(answer: JSONRPCMessage): string {
  return 'result' in answer && Array.isArray(answer.result.content)
    ? String(answer.result.content[0]?.text)
    : JSON.stringify(answer);
}
