/** Where an ordered store keeps what. */

import { createHash } from 'node:crypto';
import type { KeyRange } from './database.ts';

/** Number of the arrangement that these keys are part of. */
export const schemaKey = 'schema';
/** The servers in the store, and what the versions tell of other sources. */
export const configurationKey = 'configuration';
/** The number of the newest version alone, which is asked for each second. */
export const newestVersionKey = 'newest-version';
export const journalKey = 'journal';
export const leaseKey = 'lease';

/** Digits of the largest number that is exact. */
const digits = 16;

export const versionKey = (version: number) => numbered('version', version);
export const factKey = (seq: number) => numbered('fact', seq);
/** Of each write: see `records.ts`. */
export const writeKey = (number: number) => numbered('write', number);

/** Of a server, whose name may have any length and any characters. */
export function serverKey(name: string): string {
  // As JSON, since half a surrogate pair is no UTF-8.
  return `server/${createHash('sha256').update(JSON.stringify(name)).digest('hex')}`;
}

function numbered(room: NumberedRoom, number: number): string {
  return `${room}/${String(number).padStart(digits, '0')}`;
}

type NumberedRoom = 'version' | 'fact' | 'write';

/** The number in a key of its kind. */
export function numberOf(key: string): number {
  return Number(key.slice(-digits));
}

/** All keys of a kind. */
export function wholeRoom(room: NumberedRoom | 'server', newestFirst = false): KeyRange {
  // The character after the slash.
  return { first: `${room}/`, last: `${room}0`, newestFirst };
}

/** Every key there is. */
export const everyKey: KeyRange = { first: ' ', last: '~', newestFirst: false };
