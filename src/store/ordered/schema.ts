/** How what is in an ordered store is arranged, by a number in the store itself, and how an older arrangement is brought up to date. */

import { StoreError } from '../error.ts';
import { schemaKey } from './keys.ts';
import type { Decision, Reader, Records } from './records.ts';

/** The arrangement of this version. */
const schema = 1;

/** What has to change to get to the next number; written together with it, in one write. */
export type Migration = (reader: Reader) => Promise<Decision<unknown>['changes']>;

/** By the number that each begins with. The first arrangement is the only one so far. */
const migrations: ReadonlyMap<number, Migration> = new Map();

/** Throws `StoreError` for an arrangement that this version does not know, and leaves it as it is. */
export async function migrate(records: Records, known = schema, steps = migrations): Promise<void> {
  for (;;) {
    const found = await schemaOf(records, known);
    if (found === known) return;
    const step = steps.get(found);
    if (found !== 0 && step === undefined)
      throw new StoreError('refused', `nothing leads from arrangement ${found} of the store to ${known}`);
    await records.update(async (reader) => {
      const changes = new Map(await step?.(reader));
      // A store that was just made has none.
      changes.set(schemaKey, found === 0 ? known : found + 1);
      return { changes, result: undefined };
    });
  }
}

/** 0: the store was just made. Throws `StoreError` if it is newer than what is known. */
export async function schemaOf(records: Pick<Reader, 'get'>, known = schema): Promise<number> {
  const found = ((await records.get(schemaKey)) as number | null) ?? 0;
  if (found > known)
    throw new StoreError(
      'refused',
      `a newer mcpvisor has written it: its arrangement has the number ${found}, and this one knows ${known}`,
    );
  return found;
}
