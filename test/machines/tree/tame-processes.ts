/** Processes that start, live and die as a script says, one server each, on the virtual clock. */

import type { Failure } from '../../../machines/failure.ts';
import type { ServerEvent } from '../../../machines/server/events.ts';
import { exit, type SessionLogic } from '../../support/charts/chart.ts';
import type { VirtualClock } from '../../support/charts/virtual-clock.ts';

export interface Habits {
  /** From the start to ready, in milliseconds; null: never. */
  readonly startMs: number | null;
  /** From the end of stdin or TERM to the end, in milliseconds; null: only KILL helps. */
  readonly stopMs: number | null;
}

export interface TameProcesses {
  readonly session: (server: string) => SessionLogic;
  /** Ends the process of a server. */
  readonly end: (server: string, failure: Failure) => void;
  readonly habits: Map<string, Habits>;
}

export function createTameProcesses(clock: VirtualClock): TameProcesses {
  const running = new Map<string, (failure: Failure) => void>();
  const habits = new Map<string, Habits>();
  return {
    habits,
    end: (server, failure) => {
      const die = running.get(server);
      if (die === undefined) throw new Error(`${server} has no process`);
      die(failure);
    },
    session:
      (server) =>
      ({ generation }, tell, listen) => {
        const { startMs, stopMs } = habits.get(server) ?? { startMs: 50, stopMs: 20 };
        let isOver = false;
        const say = (event: Record<string, unknown>) => {
          if (!isOver) tell({ generation, at: clock.now(), random: 0.5, ...event } as unknown as ServerEvent);
        };
        const over = (failure: Failure | null) => {
          say({ type: 'session.ended', failure });
          isOver = true;
          running.delete(server);
        };
        running.set(server, (failure) => over(failure));
        clock.setTimeout(() => say({ type: 'session.spawned', pid: 1_000 + generation }), 1);
        if (startMs !== null) {
          clock.setTimeout(() => {
            say({ type: 'session.initialized' });
            say({ type: 'session.ready' });
          }, startMs);
        }
        listen((order) => {
          if (order.type === 'end' && order.kind === 'kill')
            clock.setTimeout(() => (isOver ? undefined : over(null)), 1);
          else if (order.type === 'end' && stopMs !== null)
            clock.setTimeout(() => (isOver ? undefined : over(null)), stopMs);
          else if (order.type === 'probe') say({ type: 'probe.answered', latencyMs: 1 });
          else if (order.type === 'report') {
            say({
              type: 'session.heard',
              question: order.question,
              quietForMs: 0,
              unusedForMs: 1e9,
              inFlight: 0,
              lagMs: 0,
              usedCpu: false,
            });
          }
        });
        return () => {
          isOver = true;
        };
      },
  };
}

export function killed(): Failure {
  return exit(null, 'SIGKILL');
}
