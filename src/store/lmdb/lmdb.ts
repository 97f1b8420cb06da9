/** LMDB as an embedded store. */

import type { EmbeddedAdapter } from '../embedded/adapter.ts';
import { createLmdbDatabase } from './database.ts';

export const lmdb: EmbeddedAdapter = {
  open: async (folder) => createLmdbDatabase(folder, { isReadOnly: false }),
  openUntouched: async (folder) => createLmdbDatabase(folder, { isReadOnly: true }),
  // Several processes may have it open.
  async refuseIfInUse() {},
};
