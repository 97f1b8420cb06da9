/** What is known of servers from earlier runs, in MongoDB: a document for each. */

import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import type { KeptServer, ServerStore } from '../contract.ts';
import { StoreError } from '../error.ts';
import { collectionsOf, parseText, type ServerDocument, toText } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { createLane } from './lane.ts';
import { isDuplicate } from './trouble.ts';

/** Of the texts of one document: MongoDB takes 16 MB. */
const mostBytes = 15 * 1_024 * 1_024;

/** Writes that an earlier process had still under way are older than all of ours. */
const revisionsOfOneProcess = 2 ** 24;

const nothingKnown = { wanted: null, counters: null, lists: null };

export function createMongoServers({ run }: MongoConnection): ServerStore {
  /** Of the newest write. Null: it has to be read. */
  let revision: number | null = null;
  const inTurn = createLane();

  return {
    read: () =>
      run(async (database) => {
        const found = collectionsOf(database).servers.find({ isForgotten: { $ne: true } });
        return new Map((await found.toArray()).map((document) => [document._id, toKept(document)]));
      }),
    async write(written) {
      if (written.size === 0) return;
      const parts = [...written].map(([server, what]) => [server, toFields(server, what)] as const);
      await run((database, signal) =>
        inTurn(signal, async () => {
          const { servers } = collectionsOf(database);
          const next = (revision ?? (await beginRevisions(servers))) + 1;
          revision = next;
          try {
            await servers.bulkWrite(parts.map(([server, fields]) => toUpdate(server, { ...fields, revision: next })));
          } catch (error) {
            // Somebody else writes to it: with a later revision, what is tried again has the last word.
            if (isDuplicate(error)) revision = null;
            throw error;
          }
        }),
      );
    },
  };
}

/** Those that were forgotten are kept until now, so that a late write does not bring them back. */
async function beginRevisions(servers: Collection<ServerDocument>): Promise<number> {
  const [newest] = await servers
    .find({}, { projection: { revision: 1 } })
    .sort({ revision: -1 })
    .limit(1)
    .toArray();
  await servers.deleteMany({ isForgotten: true });
  return (newest?.revision ?? 0) + revisionsOfOneProcess;
}

type Fields = Partial<Omit<ServerDocument, '_id'>>;

function toUpdate(server: string, fields: Fields): AnyBulkWriteOperation<ServerDocument> {
  const { revision = 0 } = fields;
  return {
    updateOne: { filter: { _id: server, revision: { $lt: revision } }, update: { $set: fields }, upsert: true },
  };
}

function toFields(server: string, what: Partial<KeptServer> | null): Fields {
  if (what === null) return { ...nothingKnown, isForgotten: true };
  const { wanted, counters, lists } = what;
  const fields = {
    ...(wanted !== undefined && { wanted }),
    ...(counters !== undefined && { counters: counters === null ? null : toText(counters) }),
    ...(lists !== undefined && { lists: lists === null ? null : toText([lists]) }),
    isForgotten: false,
  };
  if (Buffer.byteLength(fields.lists ?? '') > mostBytes)
    throw new StoreError('refused', `The lists of the server "${server}" are too large to be kept in MongoDB (15 MB).`);
  return fields;
}

function toKept({ _id, wanted = null, counters = null, lists = null }: Partial<ServerDocument>): KeptServer {
  const what = `What is kept of the server "${_id}"`;
  return {
    wanted,
    // They are the texts that `toFields` made.
    counters: counters === null ? null : (parseText(counters, what) as KeptServer['counters']),
    lists: lists === null ? null : listsOf(parseText(lists, what)),
  };
}

/** The text is that of a list with it: JSON has a text for every value, but only objects keep how numbers were written. */
function listsOf(parsed: unknown): unknown {
  return Array.isArray(parsed) ? (parsed as readonly unknown[])[0] : null;
}
