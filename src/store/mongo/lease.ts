/**
 * Who may use the database, and until when by its own clock: those of several machines differ. It is read by having the
 * database write it down, which every one can.
 */

import type { Collection } from 'mongodb';
import type { Lease, LeaseStore } from '../contract.ts';
import { type ClockDocument, collectionsOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { isDuplicate } from './trouble.ts';

export function createMongoLease({ run }: MongoConnection): LeaseStore {
  return {
    take: (lease, forMs) =>
      run(async (database, signal) => {
        const { leases, clocks } = collectionsOf(database);
        for (;;) {
          signal.throwIfAborted();
          const now = await readClock(clocks);
          const expiresAt = new Date(now.getTime() + forMs);
          const { instance, host, pid } = lease;
          try {
            await leases.updateOne(
              { _id: 'lease', $or: [{ instance }, { expiresAt: { $lte: now } }] },
              { $set: { instance, host, pid, expiresAt } },
              { upsert: true },
            );
            return null;
          } catch (error) {
            // There is one, and it is another's: had it been ours or free, it would have been updated.
            if (!isDuplicate(error)) throw error;
          }
          const holder = await leases.findOne({ _id: 'lease' });
          // Given back or taken by ourselves in between: the next attempt finds out.
          if (holder !== null && holder.instance !== instance) return toHolder(holder);
        }
      }),
    async release(instance) {
      await run((database) => collectionsOf(database).leases.deleteOne({ _id: 'lease', instance }));
    },
  };
}

async function readClock(clocks: Collection<ClockDocument>): Promise<Date> {
  const written = { $currentDate: { at: true } } as const;
  for (;;) {
    const clock = await clocks.findOneAndUpdate({ _id: 'clock' }, written, { returnDocument: 'after' });
    if (clock !== null) return clock.at;
    await clocks.insertOne({ _id: 'clock', at: new Date(0) }).catch((error: unknown) => {
      // Another control plane has just done the same.
      if (!isDuplicate(error)) throw error;
    });
  }
}

function toHolder({ instance, host, pid, expiresAt }: Lease & { readonly expiresAt: Date }) {
  return { instance, host, pid, expiresAt: expiresAt.toISOString() };
}
