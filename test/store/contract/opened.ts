/** A store for one test, and what is written into it. */

import { onTestFinished } from 'vitest';
import type { Change, Edit, Store, StoredEntry } from '../../../src/store/contract.ts';
import type { OpenPlaceOptions, StoreKind, StorePlace } from '../contract.ts';

export interface Opened {
  readonly place: StorePlace;
  readonly store: Store;
}

/** Called within a test, which closes the store when it is over. */
export async function openFresh({ createPlace }: StoreKind, options: OpenPlaceOptions = {}): Promise<Opened> {
  const place = await createPlace();
  return { place, store: await openIn(place, options) };
}

export async function openIn(place: StorePlace, options: OpenPlaceOptions = {}): Promise<Store> {
  const store = await place.open(options);
  onTestFinished(() => store.close());
  return store;
}

export function editOf(changes: readonly Change[], at = '2026-11-01T00:00:00.000Z'): Edit {
  return { at, by: 'token', summary: `changed ${changes.map(({ server }) => server).join(', ')}`, changes };
}

export function changeOf(server: string, before: StoredEntry | null, after: StoredEntry | null): Change {
  return { source: 'store', server, before, after };
}

/** Names that are something else to an object, a query or a path. */
export const awkwardNames = [
  '__proto__',
  'constructor',
  'toString',
  'a.b',
  '$x',
  '$set',
  '.',
  'a/b',
  'a:b',
  '%2F',
  'ünïcödé',
  '日本語',
  '👩‍🚀',
  '0',
  '10',
  '2',
  'with space',
  "'quoted'",
  `${'long'.repeat(200)}`,
];

/** Parsed, so that `__proto__` is a key like any other. */
export const awkwardEntry: StoredEntry = JSON.parse(`{
  "command": "node",
  "a.b": { "$set": { "c.d": 1 }, "$": [], "": "empty key" },
  "__proto__": { "constructor": "text" },
  "big": "9007199254740993", "bigger": "123456789012345678901234567890",
  "numbers": [0, 1, -1, 2.5, 1e21, 1e-7, 4294967296, 9007199254740991, -9007199254740991],
  "list": [null, true, false, [], {}, [[1], {"x": [null]}]],
  "text": "line\\nand \\u0000 and \\u2028 and \\ud83d\\ude00",
  "date": "2026-11-01T00:00:00.000Z", "_id": "mine", "10": "ten", "2": "two"
}`);
