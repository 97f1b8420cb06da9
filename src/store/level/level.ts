/** LevelDB as an embedded store. */

import { ClassicLevel } from 'classic-level';
import type { EmbeddedAdapter } from '../embedded/adapter.ts';
import { makeCopy, removeCopy } from './copy.ts';
import { createLevelDatabase } from './database.ts';
import { isLocked, told, toTrouble } from './trouble.ts';

export const level: EmbeddedAdapter = {
  open: createLevelDatabase,

  async openUntouched(folder) {
    const copy = await told(() => makeCopy(folder));
    const database = await createLevelDatabase(copy).catch(async (error: unknown) => {
      await removeCopy(folder);
      throw error;
    });
    return {
      ...database,
      async close() {
        await database.close();
        await removeCopy(folder);
      },
    };
  },

  async refuseIfInUse(folder) {
    // It takes the lock first, and then refuses what exists: nothing is changed.
    const database = new ClassicLevel(folder, { createIfMissing: false, errorIfExists: true });
    try {
      await database.open();
      await database.close();
    } catch (error) {
      if (isLocked(error)) throw toTrouble(error);
    }
  },
};
