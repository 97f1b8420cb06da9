/**
 * Notes what of each server is to outlive this run: what a person wants of it, its failures, its lists. It looks after
 * each step of an actor, and compares references first: nothing is paid for a call.
 */

import { isDeepStrictEqual } from 'node:util';
import type { AnyActorRef } from 'xstate';
import { type Counters, noCounters } from '../../../machines/policy/restart.ts';
import type { Wanted } from '../../../machines/server/events.ts';
import type { Facts } from '../../observe/facts/facts.ts';
import type { Inspection } from '../../observe/facts/inspection.ts';
import type { Redactor } from '../../observe/secrets/redact.ts';
import type { Lists } from '../../session/contract.ts';
import type { KeptServer } from '../../store/contract.ts';
import type { ServerActor } from '../actors/system.ts';
import type { Ledger, ServerEntry } from '../ledger.ts';
import type { Fingerprints } from './fingerprint.ts';
import { mostBytesOfAll, textOfLists } from './kept-lists.ts';

export interface ServerWatchOptions {
  readonly inspection: Pick<Inspection, 'onActor'>;
  readonly facts: Pick<Facts, 'subscribe'>;
  readonly ledger: Pick<Ledger, 'get'>;
  readonly redactor: Pick<Redactor, 'value'>;
  readonly fingerprints: Pick<Fingerprints, 'of'>;
  readonly keep: (server: string, what: Partial<KeptServer> | null) => void;
}

export interface ServerWatch {
  /** These are in the store already. */
  load(kept: ReadonlyMap<string, KeptServer>): void;
  /** Whether what a person wants of it has changed in this run. */
  hasNewWish(server: string): boolean;
  /** The server was removed. */
  forget(server: string): void;
}

/** What the store has of a server, or will have. */
interface Noted {
  wanted: Wanted | null;
  counters: Counters;
  /** The lists that were looked at last, and their text. */
  lists: Lists | null;
  listText: string | null;
  isNewWish: boolean;
}

/** Facts after which the lists of a server may be others. */
const listingFacts = ['session.opened', 'catalog.changed'] as const;

export function createServerWatch(options: ServerWatchOptions): ServerWatch {
  const { ledger, fingerprints, redactor, keep } = options;
  const noted = new Map<string, Noted>();
  let bytesOfAll = 0;

  const notedOf = (server: string): Noted => {
    const known = noted.get(server);
    if (known !== undefined) return known;
    const fresh = { wanted: null, counters: noCounters, lists: null, listText: null, isNewWish: false };
    noted.set(server, fresh);
    return fresh;
  };

  /** Of one actor: what it knew when it was looked at last. */
  function watch(actor: ServerActor, server: string): void {
    let last: { readonly wanted: Wanted; readonly counters: Counters; readonly enabled: boolean } | null = null;
    actor.subscribe({
      next({ context: { wanted, counters } }) {
        const entry = ledger.get(server);
        if (entry === undefined) return;
        const { enabled } = entry.specification;
        if (last?.wanted === wanted && last.counters === counters && last.enabled === enabled) return;
        last = { wanted, counters, enabled };
        noteWish(server, wanted === (enabled ? 'up' : 'down') ? null : wanted);
        noteCounters(entry, counters);
      },
      // What is kept of it is what it was before it died.
      error() {},
    });
  }

  function noteWish(server: string, wanted: Wanted | null): void {
    const what = notedOf(server);
    if (what.wanted === wanted) return;
    what.wanted = wanted;
    what.isNewWish = true;
    keep(server, { wanted });
  }

  function noteCounters({ name, specification }: ServerEntry, counters: Counters): void {
    const what = notedOf(name);
    // Each connection makes an equal value of its own.
    if (isDeepStrictEqual(what.counters, counters)) return;
    what.counters = counters;
    const isFresh = isDeepStrictEqual(counters, noCounters);
    keep(name, { counters: isFresh ? null : { ...counters, specification: fingerprints.of(specification) } });
  }

  function noteLists({ name, reported }: ServerEntry): void {
    const what = notedOf(name);
    const { lists: all } = reported;
    if (what.lists === all) return;
    what.lists = all;
    const text = textOfLists(redactor.value(all) as Lists);
    const others = bytesOfAll - lengthOf(what.listText);
    const lists = others + text.length <= mostBytesOfAll ? text : null;
    bytesOfAll = others + lengthOf(lists);
    if (lists === what.listText) return;
    what.listText = lists;
    keep(name, { lists });
  }

  options.inspection.onActor((actor: AnyActorRef, name) => {
    if (name.startsWith('server:')) watch(actor as ServerActor, name.slice('server:'.length));
  });
  options.facts.subscribe(({ actor }) => {
    const entry = ledger.get(actor.slice('server:'.length));
    if (entry !== undefined) noteLists(entry);
  }, listingFacts);

  return {
    load(kept) {
      for (const [server, { wanted, counters, lists }] of kept) {
        const what = notedOf(server);
        what.wanted = wanted;
        what.counters = counters ?? noCounters;
        what.listText = typeof lists === 'string' ? lists : null;
        bytesOfAll += lengthOf(what.listText);
      }
    },
    hasNewWish: (server) => noted.get(server)?.isNewWish === true,
    forget(server) {
      bytesOfAll -= lengthOf(noted.get(server)?.listText ?? null);
      noted.delete(server);
      keep(server, null);
    },
  };
}

function lengthOf(text: string | null): number {
  return text?.length ?? 0;
}
