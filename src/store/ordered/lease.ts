/** The lease of an ordered store, by the clock of who asks: they are on one machine. */

import type { Lease, LeaseStore } from '../contract.ts';
import { leaseKey } from './keys.ts';
import type { Reader, Records } from './records.ts';

interface KeptLease extends Lease {
  readonly expiresAtMs: number;
}

export function createLease(records: Records, now: () => number): LeaseStore {
  return {
    take: ({ instance, host, pid }, forMs) =>
      records.update(async (reader) => {
        const held = await heldIn(reader);
        if (held !== null && held.instance !== instance && held.expiresAtMs > now()) {
          const { expiresAtMs, ...holder } = held;
          return { changes: new Map(), result: { ...holder, expiresAt: new Date(expiresAtMs).toISOString() } };
        }
        const taken: KeptLease = { instance, host, pid, expiresAtMs: now() + forMs };
        return { changes: new Map([[leaseKey, taken]]), result: null };
      }),
    release: (instance) =>
      records.update(async (reader) => {
        const held = await heldIn(reader);
        const changes = new Map(held?.instance === instance ? [[leaseKey, null]] : []);
        return { changes, result: undefined };
      }),
  };
}

async function heldIn(reader: Reader): Promise<KeptLease | null> {
  return (await reader.get(leaseKey)) as KeptLease | null;
}
