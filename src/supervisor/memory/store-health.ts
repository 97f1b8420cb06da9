/** Whether the store keeps what it is given: the state, the alarm and the facts of it. */

import type { OwnAlarms } from '../../observe/alarms/own-alarms.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { Lost } from '../contract.ts';

export interface StoreHealth {
  readonly isDegraded: boolean;
  /** UTC, ISO 8601: since when it is as it is. */
  readonly since: string;
  readonly reason: string | null;
  readonly lost: Lost;
  /** It did not do what it was asked for. */
  degrade(error: unknown): void;
  /** It answers, and everything that waited is kept. */
  recover(): void;
  /** It never takes this, or cannot give it back. `what`: in words for people. */
  passOver(what: string, error: unknown): void;
  lose(what: { readonly facts?: number; readonly servers?: number }): void;
}

export interface StoreHealthOptions {
  /** What people call it: kind and address, without credentials. */
  readonly name: string;
  readonly publish: PublishFact;
  readonly alarms: Pick<OwnAlarms, 'raise' | 'clear'>;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
}

/** How long the alarm stands after something was passed over, in milliseconds. */
const passedOverMs = 60_000;

export function createStoreHealth({ name, publish, alarms, now }: StoreHealthOptions): StoreHealth {
  let sinceMs = now();
  let reason: string | null = null;
  let lost: Lost = { facts: 0, servers: 0, since: null };

  return {
    get isDegraded() {
      return reason !== null;
    },
    get since() {
      return new Date(sinceMs).toISOString();
    },
    get reason() {
      return reason;
    },
    get lost() {
      return lost;
    },
    degrade(error) {
      const wasDegraded = reason !== null;
      reason = wordsOf(error);
      if (wasDegraded) return;
      sinceMs = now();
      publish({ type: 'store.degraded', actor: 'supervisor', reason });
      alarms.raise('store-degraded', 'store', {
        reason: `the store (${name}) does not keep what it is given: ${reason}`,
        clearedBy: 'the store, once everything that waits is written; it is tried again and again',
      });
    },
    recover() {
      if (reason === null) return;
      const degradedForMs = Math.max(0, Math.round(now() - sinceMs));
      reason = null;
      sinceMs = now();
      publish({ type: 'store.recovered', actor: 'supervisor', degradedForMs, lostFacts: lost.facts });
      alarms.clear('store-degraded', 'store');
    },
    passOver(what, error) {
      alarms.raise('store-degraded', 'passed over', {
        reason: `the store (${name}) passes over ${what}: ${wordsOf(error)}`,
        clearedBy: `${passedOverMs / 1000} s without another`,
        forMs: passedOverMs,
      });
    },
    lose({ facts = 0, servers = 0 }) {
      lost = {
        facts: lost.facts + facts,
        servers: lost.servers + servers,
        since: lost.since ?? new Date(now()).toISOString(),
      };
    },
  };
}
