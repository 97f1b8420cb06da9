/**
 * Tables with keys that users choose, as plain JSON that is never changed in place. `constructor` and `__proto__` are
 * keys like any other.
 */

export type Table<Value> = Readonly<Record<string, Value>>;

export function entryOf<Value>(table: Table<Value>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

export function withEntry<Value>(table: Table<Value>, name: string, value: Value): Table<Value> {
  return { ...table, [name]: value };
}

export function without<Value>(table: Table<Value>, name: string): Table<Value> {
  // What `delete` has been used on is copied ten times more slowly ever after.
  const { [name]: _, ...rest } = table;
  return rest;
}

/** Changes a table in place: only for one that is still being built. Assigning `__proto__` would set the prototype. */
export function setEntry<Value>(table: Record<string, Value>, name: string, value: Value): void {
  Object.defineProperty(table, name, { value, enumerable: true, writable: true, configurable: true });
}
