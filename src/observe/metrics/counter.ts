/** Counts facts: what happened to each server, how often, for how long, and why. */

import { topOf } from '../../../machines/state-path.ts';
import type { FactOf } from '../facts/describe.ts';
import type { Fact, FactType } from '../facts/fact.ts';
import type { MetricSet } from './set.ts';

/** All others are passed over. */
export const countedTypes = [
  'server.added',
  'server.removed',
  'server.transitioned',
  'server.failed',
  'call.settled',
  'probe.answered',
  'probe.missed',
] as const satisfies FactType[];

export interface FactCounter {
  /** Adds a server whose `server.added` is no longer kept. */
  know(server: string, state: string): void;
  /** Facts of servers that have been removed are ignored: they would bring their series back. */
  count(fact: Fact): void;
  /** Adds the time that servers have spent in their current states up to now. */
  bringUpToDate(): void;
}

interface Counted {
  state: string;
  /** The time in `state` has been counted up to here, in milliseconds. */
  countedMs: number;
  hasStarted: boolean;
  /** Class of the last failure since the last start. */
  failure: string | null;
}

const prefix = 'server:';

export function createFactCounter(
  metrics: Pick<MetricSet, 'add' | 'observe' | 'removeServer'>,
  now: () => number,
): FactCounter {
  const servers = new Map<string, Counted>();

  function spend(server: string, known: Counted, untilMs: number): void {
    metrics.add(
      'mcpvisor_server_state_seconds_total',
      { server, state: known.state },
      Math.max(0, untilMs - known.countedMs) / 1_000,
    );
    // If the wall clock is set back, counting goes on from there: the time it repeats was counted already.
    known.countedMs = untilMs;
  }

  function step(server: string, known: Counted, { to, at }: FactOf<'server.transitioned'>): void {
    const entered = topOf(to);
    if (known.state === entered) return;
    metrics.add('mcpvisor_server_transitions_total', { from: known.state, to: entered });
    spend(server, known, Date.parse(at));
    known.state = entered;
    if (entered !== 'starting') return;
    if (known.hasStarted) metrics.add('mcpvisor_server_restarts_total', { server, cause: known.failure ?? 'none' });
    known.hasStarted = true;
    known.failure = null;
  }

  function countOf(server: string, known: Counted, fact: Fact): void {
    switch (fact.type) {
      case 'server.added':
        // Its actor died, and this is its successor.
        spend(server, known, Date.parse(fact.at));
        known.state = 'idle';
        break;
      case 'server.transitioned':
        step(server, known, fact);
        break;
      case 'server.failed':
        known.failure = fact.failure.class;
        metrics.add('mcpvisor_server_failures_total', { server, class: fact.failure.class });
        break;
      case 'call.settled':
        metrics.add('mcpvisor_calls_total', { server, outcome: fact.outcome });
        metrics.observe('mcpvisor_call_duration_seconds', { server, outcome: fact.outcome }, fact.durationMs / 1_000);
        break;
      case 'probe.answered':
        metrics.observe('mcpvisor_probe_duration_seconds', { server }, fact.latencyMs / 1_000);
        break;
      case 'probe.missed':
        metrics.add('mcpvisor_probes_missed_total', { server, counted: String(fact.counted) });
        break;
      default:
    }
  }

  function know(server: string, state: string, atMs: number): void {
    if (!servers.has(server))
      servers.set(server, { state, countedMs: atMs, hasStarted: state !== 'idle', failure: null });
  }

  return {
    know: (server, state) => know(server, state, now()),
    count(fact) {
      if (!fact.actor.startsWith(prefix)) return;
      const server = fact.actor.slice(prefix.length);
      if (fact.type === 'server.removed') {
        servers.delete(server);
        metrics.removeServer(server);
        return;
      }
      if (fact.type === 'server.added') know(server, 'idle', Date.parse(fact.at));
      const known = servers.get(server);
      if (known !== undefined) countOf(server, known, fact);
    },
    bringUpToDate() {
      const nowMs = now();
      for (const [server, known] of servers) spend(server, known, nowMs);
    },
  };
}
