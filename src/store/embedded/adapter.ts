/** What an embedded database has to bring along to be a store. */

import type { OrderedDatabase } from '../ordered/database.ts';

export type EmbeddedKind = 'level' | 'lmdb';

/** All of them reject with `StoreError` and nothing else. */
export interface EmbeddedAdapter {
  /** Opens what is in the folder, or makes it there. */
  open(folder: string): Promise<OrderedDatabase>;
  /** Opens what is in the folder to be read, and changes nothing of it. */
  openUntouched(folder: string): Promise<OrderedDatabase>;
  /** Rejects if another process has it open and does not share it. */
  refuseIfInUse(folder: string): Promise<void>;
}
