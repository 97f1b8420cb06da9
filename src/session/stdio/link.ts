/**
 * A server that is a process of ours: a transport over its stdin and stdout, with the life and death of its process
 * group.
 */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type Failure, failure, type Phase } from '../../../machines/failure.ts';
import type { ServerSettings } from '../../specification.ts';
import type { EndKind } from '../contract.ts';
import type { Link, LinkEars } from '../link.ts';
import type { Guard } from '../process/guard.ts';
import type { ProcessRegistry } from '../process/registry.ts';
import { type ServerProcess, takeCharge } from '../process/server-process.ts';
import { spawnFailureOf, spawnServer } from '../process/spawn.ts';
import { UnreachedError } from '../unreached.ts';
import { type CauseOfEnd, createCauseOfEnd } from './cause-of-end.ts';
import { createMessageReader } from './reader.ts';
import { createStderrReader, type StderrReader } from './stderr.ts';
import { createMessageWriter, type MessageWriter } from './writer.ts';

export interface StdioLinkOptions {
  readonly server: string;
  readonly generation: number;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process: nothing is inherited. Its PATH is the one searched for the command. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly policy: Pick<ServerSettings, 'stop' | 'maxMessageBytes' | 'stderrTailBytes'>;
  readonly registry: ProcessRegistry;
  readonly guard: Guard;
  /** Each line of stderr; long ones are cut, and a flood is thinned out. */
  readonly onStderr?: (line: string) => void;
  /** Each signal sent to the group. */
  readonly onSignal?: (pid: number, signal: NodeJS.Signals) => void;
  /**
   * Blanks secrets in what the server wrote before it is shown: lines of stderr, the tail in failures, excerpts in
   * errors. Default: blanks nothing.
   */
  readonly redact?: (text: string) => string;
}

/** Lines of stderr in a failure. */
const tailLines = 20;

/**
 * The process is spawned by `transport.start()`. The ladder of `end`s is the caller's: there are no timers for it here.
 */
export function openStdioLink(options: StdioLinkOptions, ears: LinkEars): Link {
  let stage: 'new' | 'started' | 'ended' = 'new';
  let parts: Parts | null = null;
  const stderrTail = (): readonly string[] => parts?.stderr.tail(tailLines) ?? [];
  const cause = createCauseOfEnd(ears, stderrTail);
  const finish = (reason?: Failure): void => {
    stage = 'ended';
    toListener(transport, () => transport.onclose?.());
    cause.ended(reason);
  };

  const start = async (): Promise<void> => {
    if (stage !== 'new') throw new Error('The link has ended or was started before.');
    stage = 'started';
    options.guard.start();
    try {
      const child = spawnServer(options);
      if (child.pid !== undefined) parts = wire(child, child.pid, { options, ears, transport, cause, finish });
      await hasSpawned(child);
    } catch (error) {
      const reason = spawnFailureOf(error, options);
      finish(reason);
      throw new Error(reason.message, { cause: error });
    }
    if (parts === null) return;
    const { pid, startTime, recorded } = parts.process;
    // Whoever waits for it hears of it; nobody has to.
    recorded.catch(() => {});
    ears.spawned({ pid, startTime }, recorded);
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
    cause.asked();
    parts?.process.end(kind);
    if (stage === 'started') return;
    stage = 'ended';
    queueMicrotask(finish);
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
    failureOf: (error, phase) => ({ ...failureOf(error, phase), stderrTail: stderrTail() }),
    verdictOn: () => null,
  };
}

/** What a running server consists of. */
interface Parts {
  readonly process: ServerProcess;
  readonly writer: MessageWriter;
  readonly stderr: StderrReader;
}

interface Ends {
  readonly options: StdioLinkOptions;
  readonly ears: LinkEars;
  readonly transport: Transport;
  readonly cause: CauseOfEnd;
  readonly finish: () => void;
}

/** Connects a child's pipes and its life, in the moment it was spawned. */
function wire(
  child: ChildProcessWithoutNullStreams,
  pid: number,
  { options, ears, transport, cause, finish }: Ends,
): Parts {
  const { policy, onStderr, redact, onSignal = () => {} } = options;
  const { stop, maxMessageBytes, stderrTailBytes } = policy;
  const reader = createMessageReader({
    maxBytes: maxMessageBytes,
    redact,
    onMessage: (message) => toListener(transport, () => transport.onmessage?.(message)),
    onMalformed: (error) => transport.onerror?.(error),
    onTooLarge: () =>
      cause.failed(
        failure('messageTooLarge', `The server sent a message larger than ${maxMessageBytes} bytes (maxMessageBytes).`),
      ),
  });
  child.stdout.on('data', reader.push);
  // A pipe that breaks ends, which is told by its close.
  child.stdout.on('error', () => {});
  // The system refused a signal: whether the group is gone is looked up, not taken from here.
  child.on('error', () => {});
  child.once('exit', () => cause.died(child));
  const life = {
    silenced: () => cause.failed(failure('disconnected', 'The server closed its stdout and lives on.')),
    deafened: () => cause.failed(failure('disconnected', 'The server closed its stdin and lives on.')),
    exited: cause.lingers,
    ended: finish,
  };
  return {
    writer: createMessageWriter(child, ears.drained),
    stderr: createStderrReader(child.stderr, stderrTailBytes, { onLine: onStderr, redact }),
    process: takeCharge(child, { ...options, pid, stop, onSignal }, life),
  };
}

/** Whoever listens may have a bug; the news behind this piece of it are not to blame. */
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

/** What goes wrong while initializing is the server's answer; what goes wrong later, the process alive, is ours. */
function failureOf(error: unknown, phase: Phase): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const code =
    error instanceof Error && 'code' in error && (typeof error.code === 'number' || typeof error.code === 'string')
      ? error.code
      : null;
  return failure(phase === 'initializing' ? 'handshakeFailed' : 'internal', message, { phase, code });
}
