/**
 * Entries called `__proto__` in the records of a schema, such as `env`. Zod leaves them out of its results, because
 * assigning that key would change what an object is; here they are entries like any other.
 */

import * as z from 'zod';
import { entryOf, setEntry } from '../../machines/table.ts';
import { isRecord } from '../text/json.ts';

const name = '__proto__';

export interface ProtoEntries {
  readonly issues: readonly z.core.$ZodIssue[];
  /** Adds the entries to what zod made of the same value. */
  addTo<Data>(data: Data): Data;
}

/** Looks for them in the records that are fields of the schema itself. */
export function protoEntriesOf(schema: z.ZodObject, value: unknown): ProtoEntries {
  const found = Object.entries(schema.shape).flatMap(([field, shape]) => {
    const record: unknown = shape instanceof z.ZodOptional ? shape.unwrap() : shape;
    const table = isRecord(value) ? entryOf(value, field) : undefined;
    if (!(record instanceof z.ZodRecord) || !isRecord(table) || !Object.hasOwn(table, name)) return [];
    return [{ field, entry: z.safeParse(record.valueType, entryOf(table, name)) }];
  });
  return {
    issues: found.flatMap(({ field, entry }) =>
      (entry.error?.issues ?? []).map((issue) => ({ ...issue, path: [field, name, ...issue.path] })),
    ),
    addTo(data) {
      for (const { field, entry } of found) {
        const table = isRecord(data) ? entryOf(data, field) : undefined;
        if (isRecord(table) && entry.success) setEntry(table, name, entry.data);
      }
      return data;
    },
  };
}
