/** A store over an ordered database: what it does is the same whichever it is. */

import type { Store } from '../contract.ts';
import { createConfiguration } from './configuration.ts';
import { createJournal } from './journal.ts';
import { createLease } from './lease.ts';
import type { Records } from './records.ts';
import { createServers } from './servers.ts';

export interface OrderedStoreOptions extends Pick<Store, 'kind' | 'address' | 'close'> {
  readonly records: Records;
  /** How many versions of the configuration are kept. */
  readonly maxVersions: number;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
}

export function createOrderedStore({ records, maxVersions, now, ...own }: OrderedStoreOptions): Store {
  return {
    ...own,
    configuration: createConfiguration(records, maxVersions),
    servers: createServers(records),
    journal: createJournal(records),
    lease: createLease(records, now),
  };
}
