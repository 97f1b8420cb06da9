/** The journal in MongoDB: a document for each fact, by `seq`. */

import type { Collection, Filter } from 'mongodb';
import type { FactQuery, JournalStore, StoredFact } from '../contract.ts';
import { collectionsOf, type FactDocument, parseRecord, toText } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { createLane } from './lane.ts';
import { duplicateIndexOf } from './trouble.ts';

/** Where the journal ends. */
interface End {
  readonly seq: number;
  /** Bytes of all facts that were ever in it. */
  readonly offset: number;
}

const empty: End = { seq: 0, offset: 0 };

export function createMongoJournal({ run }: MongoConnection, now: () => number): JournalStore {
  const inTurn = createLane();
  /** Null: it has to be read. */
  let end: End | null = null;

  /**
   * Facts are inserted in order: those that are there already, from a call whose answer was lost, are the first ones.
   */
  async function append(facts: Collection<FactDocument>, added: readonly StoredFact[], signal: AbortSignal) {
    let rest = added;
    while (rest.length > 0) {
      signal.throwIfAborted();
      const from: End = end ?? (await endOf(facts));
      // Until it is known what became of the write.
      end = null;
      const documents = toDocuments(rest, from, new Date(now()));
      const last = documents.at(-1);
      if (last === undefined) return;
      try {
        await facts.insertMany(documents, { ordered: true });
        end = { seq: last.seq, offset: last.offset + last.bytes };
        return;
      } catch (error) {
        const index = duplicateIndexOf(error);
        if (index === null) throw error;
        const known = documents[index]?.seq ?? 0;
        rest = rest.filter(({ seq }) => seq > known);
      }
    }
  }

  return {
    append: (added) =>
      run((database, signal) => inTurn(signal, () => append(collectionsOf(database).facts, added, signal))),
    read: (query) =>
      run(async (database) => {
        const found = collectionsOf(database).facts.find(toFilter(query));
        const documents = await found
          .sort({ _id: query.newestFirst ? -1 : 1 })
          .limit(query.limit)
          .toArray();
        return documents.map(factOf);
      }),
    extent: () =>
      run(async (database) => {
        const { facts } = collectionsOf(database);
        const [oldest] = await facts
          .find({}, { projection: { offset: 1 } })
          .sort({ _id: 1 })
          .limit(1)
          .toArray();
        const { seq, offset } = await endOf(facts);
        const count = await facts.estimatedDocumentCount();
        return { facts: count, bytes: offset - (oldest?.offset ?? offset), lastSeq: seq };
      }),
    trim: ({ olderThan, maxBytes }) =>
      run((database, signal) =>
        inTurn(signal, async () => {
          const { facts } = collectionsOf(database);
          const { offset } = await endOf(facts);
          const { deletedCount } = await facts.deleteMany({
            $or: [{ at: { $lt: olderThan } }, { offset: { $lt: offset - maxBytes } }],
          });
          // It may be empty now.
          end = null;
          return { removed: deletedCount };
        }),
      ),
  };
}

async function endOf(facts: Collection<FactDocument>): Promise<End> {
  const [newest] = await facts.find({}).sort({ _id: -1 }).limit(1).toArray();
  return newest === undefined ? empty : { seq: newest._id, offset: newest.offset + newest.bytes };
}

/** Of those that are newer than the journal's end. */
function toDocuments(added: readonly StoredFact[], end: End, storedAt: Date): readonly FactDocument[] {
  let { offset } = end;
  return added
    .filter(({ seq }) => seq > end.seq)
    .map((fact) => {
      const text = toText(fact);
      const { seq, at, type, actor } = fact;
      const document = { _id: seq, seq, at, type, actor, text, bytes: text.length, offset, storedAt };
      offset += text.length;
      return document;
    });
}

function toFilter({ actors, types, since, until, after, before }: FactQuery): Filter<FactDocument> {
  return {
    _id: { $gt: after, ...(before !== null && { $lt: before }) },
    ...(actors !== null && { actor: { $in: [...actors] } }),
    ...(types !== null && { type: { $in: [...types] } }),
    ...((since !== null || until !== null) && {
      at: { ...(since !== null && { $gte: since }), ...(until !== null && { $lte: until }) },
    }),
  };
}

function factOf({ _id, text }: FactDocument): StoredFact {
  // It is the text that `toDocuments` made.
  return parseRecord(text, `Fact ${_id} of the journal`) as unknown as StoredFact;
}
