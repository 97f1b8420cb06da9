/** A server that is our own process: a transport over its stdin and stdout, and the life of its process group. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type Failure, failure, type Phase } from '../../../machines/failure.ts';
import type { ServerSettings } from '../../specification.ts';
import { codeOf } from '../../system-error.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { Account } from '../budget.ts';
import type { EndKind } from '../contract.ts';
import { Ending } from '../ending.ts';
import { type Link, type LinkNews, type TellLinkNews, UnreachedError } from '../link.ts';
import { signalGroup } from '../process/group.ts';
import type { Guard } from '../process/guard/guard.ts';
import type { ProcessRegistry } from '../process/registry.ts';
import { type ServerProcess, superviseChild } from '../process/server-process.ts';
import { spawnFailureOf, spawnServer } from '../process/spawn.ts';
import type { MarkedServer, Strays } from '../process/strays/strays.ts';
import type { StdioTarget } from '../request.ts';
import { createMessageReader, type MessageReader } from './reader.ts';
import { createStderrReader, type StderrReader } from './stderr.ts';
import { readInTurns } from './turns.ts';
import { createMessageWriter, type MessageWriter } from './writer.ts';

export interface StdioLinkOptions extends Omit<StdioTarget, 'kind'> {
  readonly server: string;
  readonly generation: number;
  readonly policy: Pick<ServerSettings, 'stop' | 'maxMessageBytes' | 'stderrTailBytes'>;
  readonly registry: ProcessRegistry;
  readonly guard: Guard;
  readonly strays: Strays;
  /** For messages that have begun and not ended. */
  readonly room: Account;
  /** Values that must not be shown in the command lines of what the server starts. */
  readonly secrets: readonly string[];
}

/** Lines of stderr in a failure. */
const tailLines = 20;

/** `transport.start()` spawns the process. The caller makes each step of the end: there are no timers for it here. */
export function openStdioLink(options: StdioLinkOptions, tell: TellLinkNews): Link {
  let stage: 'new' | 'started' | 'ended' = 'new';
  let parts: Parts | null = null;
  const stderrTail = (): readonly string[] => parts?.stderr.tail(tailLines) ?? [];
  const ending = new Ending((news) => {
    if (news.type === 'ended') {
      stage = 'ended';
      toListener(transport, () => transport.onclose?.());
    }
    tell('failure' in news ? withTail(news, stderrTail()) : news);
  });

  const start = async (): Promise<void> => {
    if (stage !== 'new') throw new Error('The link has ended or was started before.');
    stage = 'started';
    let child: ChildProcessWithoutNullStreams | null = null;
    const { server, generation, secrets, policy } = options;
    // Before the spawn: a SIGKILL of this process in the middle of it leaves a server that only its mark gives away.
    const marked = options.strays.expect({ server, generation, secrets, stop: policy.stop, line: options });
    try {
      const env = { ...marked.environment, ...options.env, ...marked.environment };
      child = spawnServer({ ...options, args: marked.args, env });
      if (child.pid !== undefined) parts = wire(child, child.pid, { options, transport, ending, marked });
      await hasSpawned(child);
    } catch (error) {
      // If wiring failed, nothing watches the process: kill it at once.
      if (parts === null && child?.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      if (parts === null) marked.gone();
      const reason = spawnFailureOf(error, options);
      ending.tell({ type: 'ended', failure: reason });
      throw new Error(reason.message, { cause: error });
    }
    if (parts !== null) reportSpawned(parts.process, ending);
  };

  const transport: Transport = {
    start,
    async send(message) {
      if (parts === null) throw new UnreachedError('The link is not open.');
      parts.writer.write(message);
    },
    async close() {
      end('close');
    },
  };

  const end = (kind: EndKind): void => {
    if (stage === 'ended') return;
    ending.ask();
    parts?.process.end(kind);
    if (stage === 'started') return;
    stage = 'ended';
    queueMicrotask(() => ending.tell({ type: 'ended', failure: null }));
  };

  return {
    transport,
    kind: 'stdio',
    get congested() {
      return parts?.writer.isCongested ?? false;
    },
    end,
    markCpu: () => parts?.process.markCpu(),
    usedCpu: () => parts?.process.usedCpu() ?? false,
    worked: () => parts?.process.worked() ?? false,
    unfinished: () => parts?.reader.unfinished() ?? null,
    failureOf: (error, phase) => ({ ...failureOf(error, phase), stderrTail: stderrTail() }),
    verdictOn: () => null,
  };
}

/** The parts of a running server. */
interface Parts {
  readonly process: ServerProcess;
  readonly reader: MessageReader;
  readonly writer: MessageWriter;
  readonly stderr: StderrReader;
}

interface Wiring {
  readonly options: StdioLinkOptions;
  readonly transport: Transport;
  readonly ending: Ending;
  readonly marked: MarkedServer;
}

/** Connects a child's pipes and watches its life, in the moment it was spawned. */
function wire(child: ChildProcessWithoutNullStreams, pid: number, wiring: Wiring): Parts {
  const { options, transport, ending, marked } = wiring;
  const { stop, maxMessageBytes, stderrTailBytes } = options.policy;
  // First, so that its life is watched whatever goes wrong below.
  const process = superviseChild(child, { ...options, marked, pid, stop }, ending);
  const reader = createMessageReader({
    maxBytes: maxMessageBytes,
    room: options.room,
    onMessage: (message) => toListener(transport, () => transport.onmessage?.(message)),
    onMalformed: (error) => transport.onerror?.(error),
    onTooLarge: ({ class: failureClass, message, code }) =>
      ending.tell({ type: 'failed', failure: failure(failureClass, message, { code }) }),
  });
  const reading = readInTurns(child.stdout, reader.push, options.room.outlet);
  // A broken pipe also closes, which is reported.
  child.stdout.on('error', () => {});
  // The system refused a signal: whether the group is gone is checked, not concluded from this.
  child.on('error', () => {});
  return {
    process,
    reader,
    writer: createMessageWriter({ stdin: child.stdin, reading }, () => ending.tell({ type: 'drained' })),
    stderr: createStderrReader(child.stderr, stderrTailBytes, (lines) => ending.tell({ type: 'stderr', lines })),
  };
}

/** Throws if it could not be registered and was killed, which has been reported. */
function reportSpawned({ pid, startTime, recorded }: ServerProcess, ending: Ending): void {
  if (recorded === null) throw new Error(ending.cause?.message ?? 'The process could not be put on record.');
  ending.tell({ type: 'spawned', pid, startTime });
  // It never rejects: a disk that is full or gone is no failure of the server.
  void recorded.then(() => ending.tell({ type: 'recorded' }));
}

function withTail(news: Extract<LinkNews, { failure: Failure | null }>, stderrTail: readonly string[]): LinkNews {
  const failure = news.failure === null ? null : { ...news.failure, stderrTail };
  const last = news.type === 'ended' && news.last !== undefined ? { last: { ...news.last, stderrTail } } : {};
  return { ...news, failure, ...last } as LinkNews;
}

/** A bug in the listener must not stop later messages. */
function toListener(transport: Transport, tell: () => void): void {
  try {
    tell();
  } catch (error) {
    transport.onerror?.(error instanceof Error ? error : new Error(String(error)));
  }
}

function hasSpawned(child: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

/** An error while initializing is the server's answer; a later one, with the process alive, is our bug. */
function failureOf(error: unknown, phase: Phase): Failure {
  return failure(phase === 'initializing' ? 'handshakeFailed' : 'internal', wordsOf(error), {
    phase,
    code: codeOf(error),
  });
}
