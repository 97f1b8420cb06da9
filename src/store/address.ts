/** The address of a store: which kind it is, and where. */

import { isAbsolute, join, resolve } from 'node:path';
import type { StoreKind } from './contract.ts';

export interface StoreAddress {
  readonly kind: StoreKind;
  /**
   * `level`, `lmdb`: the folder, perhaps relative, or empty: that of the state directory. `mongodb`: the whole address,
   * which may hold a password, or `mongodb:` alone, which stands for the address in `MONGODB_URL`.
   */
  readonly place: string;
}

/** Every form that an address may have, for people. */
export const storeForms =
  'memory:, level:DIR, lmdb:DIR, mongodb://HOST/DATABASE, or mongodb: for the one in MONGODB_URL';

/** The folder of an embedded store in a state directory. */
const folderName = 'store';

/** Null: it is the address of no kind. */
export function parseStoreAddress(address: string): StoreAddress | null {
  if (address === 'memory:') return { kind: 'memory', place: '' };
  if (address.startsWith('level:')) return { kind: 'level', place: address.slice('level:'.length) };
  if (address.startsWith('lmdb:')) return { kind: 'lmdb', place: address.slice('lmdb:'.length) };
  if (address === 'mongodb:' || /^mongodb(?:\+srv)?:\/\/./.test(address)) return { kind: 'mongodb', place: address };
  return null;
}

/** Absolute path of the folder of an embedded store; null: none is named, and there is no state directory. */
export function folderOf({ place }: StoreAddress, stateDir: string | null): string | null {
  if (place === '') return stateDir === null ? null : join(stateDir, folderName);
  return isAbsolute(place) ? place : resolve(place);
}
