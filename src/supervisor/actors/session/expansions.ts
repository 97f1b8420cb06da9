/**
 * Remembers what each server was last started with, as a hash, to notice when the files of its entry say something
 * else: a token that was refused may have been replaced since.
 */

import { createHash } from 'node:crypto';
import { canonical } from '../../../config/plan/canonical.ts';
import type { ServerEntry } from '../../ledger.ts';
import type { Launch, LaunchSpecification } from './launch.ts';

export interface Expansions {
  /** Called with what the server is started with. */
  note(entry: ServerEntry, launch: Launch): void;
  /** Whether a start would use other values than the last one did. Reads the files; does not throw. */
  hasChanged(entry: ServerEntry): boolean;
}

export function createExpansions(launch: LaunchSpecification): Expansions {
  const last = new WeakMap<ServerEntry, string>();
  return {
    note(entry, launched) {
      const hash = hashOf(launched);
      if (hash !== null) last.set(entry, hash);
    },
    hasChanged(entry) {
      const before = last.get(entry);
      const now = hashOf(launch(entry.specification));
      // A file that is being replaced may be missing for a moment: there is nothing to try yet.
      return before !== undefined && now !== null && now !== before;
    },
  };
}

/** Null: nothing could be started. */
function hashOf(launched: Launch): string | null {
  if (!('specification' in launched)) return null;
  return createHash('sha256').update(canonical(launched.specification.target)).digest('base64');
}
