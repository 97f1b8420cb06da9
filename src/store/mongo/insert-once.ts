/** Inserts a document that must be there once, over a connection that may break at any moment. */

import type { Collection, Filter, OptionalUnlessRequiredId } from 'mongodb';
import { isCutOff, isDuplicate } from './trouble.ts';

/** More than these, and the store counts as away. */
const mostAttempts = 3;

/** False: another one with its id is there. True: it is there, whichever attempt wrote it. */
export async function insertOnce<Document extends { readonly _id: number; readonly write: string }>(
  collection: Collection<Document>,
  document: Document,
  signal: AbortSignal,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await collection.insertOne(document as OptionalUnlessRequiredId<Document>);
      return true;
    } catch (error) {
      if (isDuplicate(error)) return isOwn(collection, document);
      // Whether it was written is not known; written again, it is a duplicate of itself.
      if (!isCutOff(error) || attempt === mostAttempts || signal.aborted) throw error;
    }
  }
}

/** Changes nothing, but waits for a majority to have it, which a read does not. */
async function isOwn<Document extends { readonly _id: number; readonly write: string }>(
  collection: Collection<Document>,
  { _id, write }: Document,
): Promise<boolean> {
  const own = { _id, write } as unknown as Filter<Document>;
  const { matchedCount } = await collection.updateOne(own, { $set: { write } as never });
  return matchedCount === 1;
}
