/**
 * Which servers of a configuration wait for approval, and what becomes of their sessions once it is given. A session
 * goes on while another specification waits; whether it is restarted then depends on what it was started with.
 */

import type { Approval } from '../../../machines/policy/policy.ts';
import type { Configuration } from '../../config/configuration.ts';
import { type Decision, decide } from '../../config/plan/plan.ts';
import type { EntrySource } from '../contract/configuration.ts';
import type { Approvals } from './approvals.ts';

/** What waits, by server. */
export type Waiting = ReadonlyMap<string, Approval>;

export interface Gate {
  readonly waiting: Waiting;
  /** Takes the configuration that comes into force, and corrects which servers are remade by it. */
  pass(decision: Decision, change: Change): Decision;
}

export interface Change {
  /** Null: this is the initial one. */
  readonly before: Configuration | null;
  readonly after: Configuration;
  readonly sourceOf: (server: string) => EntrySource;
}

export function createGate(approvals: Pick<Approvals, 'pendingOf'>): Gate {
  let waiting: Waiting = new Map();
  /** The last configuration in which a server that waits did not; null: there was none. */
  const released = new Map<string, Configuration | null>();

  /** Whether the server's session, if it has one, was started with something else. */
  function isRemade(server: string, after: Configuration): boolean {
    const former = released.get(server);
    return (
      former === null || former === undefined || decide(only(former, server), only(after, server)).remade.has(server)
    );
  }

  return {
    get waiting() {
      return waiting;
    },
    pass({ plan, remade }, { before, after, sourceOf }) {
      const next = new Map<string, Approval>();
      const corrected = new Set(remade);
      for (const [server, specification] of after.servers) {
        const pending = approvals.pendingOf(specification, sourceOf(server));
        if (pending !== null) {
          next.set(server, pending);
          if (!released.has(server)) released.set(server, before?.servers.has(server) === true ? before : null);
        } else if (released.has(server)) {
          if (isRemade(server, after)) corrected.add(server);
          else corrected.delete(server);
          released.delete(server);
        }
      }
      for (const server of released.keys()) if (!after.servers.has(server)) released.delete(server);
      waiting = next;
      return { plan, remade: corrected };
    },
  };
}

function only(configuration: Configuration, server: string): Configuration {
  const specification = configuration.servers.get(server);
  return { ...configuration, servers: new Map(specification === undefined ? [] : [[server, specification]]) };
}
