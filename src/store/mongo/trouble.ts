/**
 * What the driver throws, as trouble of a store in our own words: its messages and causes can hold hosts, connection
 * strings and documents, so that neither is passed on.
 */

import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb';
import { systemCodeOf } from '../../system-error.ts';
import { StoreError, type StoreTrouble } from '../error.ts';

/** Codes of the server: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const duplicateKey = 11_000;

const troubleOfCode: ReadonlyMap<number, readonly [StoreTrouble, string]> = new Map([
  [13, ['unavailable', 'MongoDB does not allow the user of the connection string to use this database.']],
  [18, ['unavailable', 'MongoDB refuses the user name or password of the connection string.']],
  [8_000, ['unavailable', 'MongoDB refuses the user name or password of the connection string.']],
  [121, ['refused', 'A validator of the collection in MongoDB refuses the document.']],
  [10_334, ['refused', 'It is too large for MongoDB, whose documents have at most 16 MB.']],
]);

/** Whether a document was not written because one with its id is there. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === duplicateKey;
}

/** The index in a batch of the document that was not written because one with its id is there. Null: something else. */
export function duplicateIndexOf(error: unknown): number | null {
  if (!(error instanceof MongoBulkWriteError) || error.code !== duplicateKey) return null;
  const [first] = [error.writeErrors].flat();
  return first?.index ?? null;
}

/** Whether the connection broke, so that the write may or may not have been carried out. */
export function isCutOff(error: unknown): boolean {
  return error instanceof MongoNetworkError || error instanceof MongoWriteConcernError;
}

/** Whether the server said it, or a connection broke that the driver replaces by itself. */
export function isAnswered(error: unknown): boolean {
  return error instanceof StoreError || error instanceof MongoServerError || error instanceof MongoNetworkError;
}

export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (error instanceof MongoServerSelectionError)
    return new StoreError('unavailable', 'MongoDB cannot be reached, or none of its members is the primary.');
  if (error instanceof MongoNetworkError)
    return new StoreError('unavailable', 'The connection to MongoDB broke before the answer had come.');
  if (error instanceof MongoWriteConcernError)
    return new StoreError('unavailable', 'A majority of the members of MongoDB did not confirm the write in time.');
  if (error instanceof MongoServerError) return ofServer(error);
  // What the driver finds before it sends anything: a document too large for one message, a wrong option.
  if (error instanceof RangeError || (error instanceof MongoError && error.name === 'MongoInvalidArgumentError'))
    return new StoreError('refused', 'It is too large or too deep for MongoDB, whose documents have at most 16 MB.');
  const code = systemCodeOf(error);
  return new StoreError('unavailable', `MongoDB cannot be used now (${code ?? nameOf(error)}).`);
}

function ofServer(error: MongoServerError): StoreError {
  const code = typeof error.code === 'number' ? error.code : null;
  const [trouble, words] = troubleOfCode.get(code ?? 0) ?? [];
  if (trouble !== undefined && words !== undefined) return new StoreError(trouble, words);
  return new StoreError('unavailable', `MongoDB did not do it (error ${code ?? 'without a code'}).`);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'an error of no kind';
}
