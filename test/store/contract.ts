/**
 * What every store has to do, whatever keeps it. `memory:`, `level:`, `lmdb:` and MongoDB run it alike; what is special to
 * one of them is tested beside it.
 */

import { describe } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { describeClosing } from './contract/closing.ts';
import { describeConcurrentEdits } from './contract/concurrent-edits.ts';
import { describeConfiguration } from './contract/configuration.ts';
import { describeJournal } from './contract/journal.ts';
import { describeLease } from './contract/lease.ts';
import { describeServers } from './contract/servers.ts';

export interface OpenPlaceOptions {
  /** Versions of the configuration that are kept. Default: the store's own bound. */
  readonly maxVersions?: number;
}

/** Where one test keeps things: a folder, a database. */
export interface StorePlace {
  /** Opens what is kept there; more than once only as `StoreTraits` allows. The test closes it. */
  open(options?: OpenPlaceOptions): Promise<Store>;
}

export interface StoreTraits {
  /** Whether what was written is there when the place is opened again. */
  readonly isDurable: boolean;
  /** Whether a place may be opened several times at once. */
  readonly isShared: boolean;
  /** Whether it is an imitation whose own time nobody wants to wait for: what is tried often is tried less often. */
  readonly isSlow?: boolean;
}

/** Called within a test: a fresh place, which is removed when the test is over. */
export type CreatePlace = () => StorePlace | Promise<StorePlace>;

export interface StoreKind extends StoreTraits {
  readonly name: string;
  readonly createPlace: CreatePlace;
}

export function describeStore(kind: StoreKind): void {
  describe(`the store ${kind.name}`, () => {
    describeConfiguration(kind);
    describeConcurrentEdits(kind);
    describeServers(kind);
    describeJournal(kind);
    describeLease(kind);
    describeClosing(kind);
  });
}
