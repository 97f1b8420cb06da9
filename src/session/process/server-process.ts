/** A server's process group: on record and guarded from its first moment, ended as gracefully as asked. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { type Failure, failure } from '../../../machines/failure.ts';
import { isShortage } from '../../surroundings.ts';
import { systemCodeOf } from '../../system-error.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { EndKind } from '../contract.ts';
import type { Ending } from '../ending.ts';
import { createActivity } from './activity.ts';
import { cpuTicksOfGroup, signalGroup, terminateGroup } from './group.ts';
import type { Guard } from './guard/guard.ts';
import { startTimeOf } from './identity.ts';
import { watchLife } from './life.ts';
import type { ProcessRecord, ProcessRegistry } from './registry.ts';
import type { MarkedServer } from './strays/strays.ts';

export interface ServerProcessOptions extends Omit<ProcessRecord, 'startTime'> {
  readonly registry: ProcessRegistry;
  readonly guard: Guard;
  readonly marked: MarkedServer;
}

export interface ServerProcess {
  readonly pid: number;
  readonly startTime: string | null;
  /**
   * Resolves when the process is on the durable record, or could not be written there for now. Never rejects. Null: it
   * could not be registered, and was killed.
   */
  readonly recorded: Promise<void> | null;
  end(kind: EndKind): void;
  markCpu(): void;
  usedCpu(): boolean;
  /** Whether its processes did something since this was asked last. */
  worked(): boolean;
}

/**
 * Registers and watches a child in the moment it was spawned, before anything else can happen to it. Does not throw.
 */
export function superviseChild(
  child: ChildProcessWithoutNullStreams,
  options: ServerProcessOptions,
  ending: Ending,
): ServerProcess {
  const { registry, guard, marked, pid } = options;
  let isGone = false;
  let markedTicks: number | null = null;
  const worked = createActivity(pid);

  watchLife(child, pid, {
    ending,
    onGone() {
      isGone = true;
      guard.remove(pid);
      registry.remove(pid);
      marked.gone();
    },
  });
  const send = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    const isDelivered = signal === 'SIGTERM' ? terminateGroup(pid) : signalGroup(pid, signal);
    if (isDelivered) ending.tell({ type: 'signalled', signal });
  };
  const registration = register(options);
  if ('failure' in registration) {
    ending.tell({ type: 'failed', failure: registration.failure });
    // Without a record it would outlive us.
    send('SIGKILL');
  }

  return {
    pid,
    startTime: 'failure' in registration ? null : registration.startTime,
    recorded: 'failure' in registration ? null : registration.recorded,
    end(kind) {
      // Another process may have the number now.
      if (isGone) return;
      if (kind === 'close') {
        child.stdin.end();
        return;
      }
      send(kind === 'terminate' ? 'SIGTERM' : 'SIGKILL');
      // Not `end()`, which would first wait until a server that does not read has read everything.
      child.stdin.destroy();
    },
    markCpu() {
      markedTicks = cpuTicksOfGroup(pid);
    },
    usedCpu() {
      return markedTicks !== null && (cpuTicksOfGroup(pid) ?? 0) > markedTicks;
    },
    worked,
  };
}

type Registration =
  | { readonly startTime: string | null; readonly recorded: Promise<void> }
  | { readonly failure: Failure };

/** Adds it to the guard and to the record. */
function register(options: ServerProcessOptions): Registration {
  const { registry, guard, marked, server, generation, pid, command, stop } = options;
  try {
    const startTime = startTimeOf(pid);
    guard.add({ pid, startTime, stop, key: marked.key });
    marked.grouped();
    return { startTime, recorded: registry.add({ server, generation, pid, startTime, command, stop }) };
  } catch (error) {
    const reason = wordsOf(error);
    const message = `The process was started, but could not be put on record, and was killed: ${reason}`;
    const failureClass = isShortage(error) ? 'shortage' : 'internal';
    return { failure: failure(failureClass, message, { phase: 'spawning', code: systemCodeOf(error) }) };
  }
}
