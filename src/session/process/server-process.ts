/**
 * A server's process group as one thing: on record and under guard from its first moment, ended as politely as asked.
 */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { EndKind } from '../contract.ts';
import { cpuTicksOfGroup, signalGroup, terminateGroup } from './group.ts';
import type { Guard } from './guard.ts';
import { startTimeOf } from './identity.ts';
import { type LifeEars, watchLife } from './life.ts';
import type { ProcessRecord, ProcessRegistry } from './registry.ts';

export interface ServerProcessOptions extends Omit<ProcessRecord, 'startTime'> {
  readonly registry: ProcessRegistry;
  readonly guard: Guard;
  readonly onSignal: (pid: number, signal: NodeJS.Signals) => void;
}

export interface ServerProcess {
  readonly pid: number;
  readonly startTime: string | null;
  /** Resolves when the process is on the durable record. */
  readonly recorded: Promise<void>;
  end(kind: EndKind): void;
  markCpu(): void;
  usedCpu(): boolean;
}

/** Takes charge of a child in the moment it was spawned, before anything else can happen to it. */
export function takeCharge(
  child: ChildProcessWithoutNullStreams,
  options: ServerProcessOptions,
  ears: LifeEars,
): ServerProcess {
  const { registry, guard, onSignal, server, generation, pid, command, stop } = options;
  const startTime = startTimeOf(pid);
  guard.add({ pid, startTime, stop });
  const recorded = registry.add({ server, generation, pid, startTime, command, stop });
  let isGone = false;
  let markedTicks: number | null = null;

  watchLife(child, pid, {
    ...ears,
    ended() {
      isGone = true;
      guard.remove(pid);
      registry.remove(pid);
      ears.ended();
    },
  });

  return {
    pid,
    startTime,
    recorded,
    end(kind) {
      // The number is free for others.
      if (isGone) return;
      if (kind === 'close') {
        child.stdin.end();
        return;
      }
      const signal = kind === 'terminate' ? 'SIGTERM' : 'SIGKILL';
      const isHeard = kind === 'terminate' ? terminateGroup(pid) : signalGroup(pid, signal);
      if (isHeard) onSignal(pid, signal);
      // Not merely ended: what waits to be read by a server that does not read would keep the end from it.
      child.stdin.destroy();
    },
    markCpu() {
      markedTicks = cpuTicksOfGroup(pid);
    },
    usedCpu() {
      return markedTicks !== null && (cpuTicksOfGroup(pid) ?? 0) > markedTicks;
    },
  };
}
