/** Entries as JSON can hold them: what only this process has, such as functions and objects of classes, is left out. */

import { isPlain } from './kept.ts';

/** Levels that are copied: the stack bears more. */
const mostLevels = 500;

/** A copy of what JSON can hold. Undefined: nothing. Does not throw: getters, proxies and `toJSON` are code of the host. */
export function plainCopy(value: unknown): unknown {
  return copyOf(value, { within: new Set(), onLeft: () => {} });
}

/** Whether JSON can hold all of it. */
export function isPlainData(value: unknown): boolean {
  let isAll = true;
  copyOf(value, {
    within: new Set(),
    onLeft: () => {
      isAll = false;
    },
  });
  return isAll;
}

interface Copying {
  /** The objects that the value is in: one of them is left out. */
  readonly within: Set<object>;
  /** Called for each value that is left out. */
  readonly onLeft: () => void;
}

function copyOf(value: unknown, copying: Copying): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || value === undefined) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'object' && !copying.within.has(value) && copying.within.size < mostLevels) {
    copying.within.add(value);
    try {
      if (Array.isArray(value)) return value.map((item) => copyOf(item, copying) ?? null);
      if (isPlain(value)) return membersOf(value, copying);
    } catch {
      // It is left out like any other live object.
    } finally {
      copying.within.delete(value);
    }
  }
  copying.onLeft();
  return undefined;
}

function membersOf(value: object, copying: Copying): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const copy = copyOf(member, copying);
      return copy === undefined ? [] : [[key, copy]];
    }),
  );
}
