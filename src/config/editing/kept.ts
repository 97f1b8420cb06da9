/**
 * A configuration as it may be read: values that are secrets are shown as `{"$kept": "env.TOKEN"}`. Written back, this
 * stands for the value that was there, so that reading, editing and writing back loses nothing.
 */

import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import { isRecord } from '../../text/json.ts';
import { foreignWords } from '../foreign/words.ts';
import { errorAt, type Path } from '../problems.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Stands for a value that is not shown, or that shall stay as it is. */
export interface Kept {
  /** Where the value is in its entry: `env.TOKEN`. */
  readonly $kept: string;
}

const hiddenFields: ReadonlySet<string> = new Set([
  'env',
  'headers',
  ...[...foreignWords].flatMap(([word, { as }]) => (as === 'env' || as === 'headers' ? [word] : [])),
]);

/** A copy of the entry with `$kept` in place of each value of its environment and headers. */
export function shownEntry(entry: Fields): Fields {
  return mapped(entry, (value, key) =>
    hiddenFields.has(key) && isRecord(value) ? mapped(value, (_, name) => keptAt([key, name])) : copyOf(value),
  );
}

/** A copy of the whole, secrets of mcpvisor itself hidden, too. */
export function shownDocument(document: Fields): Fields {
  return mapped(document, (value, key) => {
    if (!isRecord(value)) return copyOf(value);
    if (key === 'mcpServers') return mapped(value, (entry) => (isRecord(entry) ? shownEntry(entry) : copyOf(entry)));
    return key === 'mcpvisor' ? shownSettings(value) : copyOf(value);
  });
}

/** The same of the part under `mcpvisor`. */
export function shownSettings(settings: Fields): Fields {
  return mapped(settings, (setting, name) =>
    name === 'secrets' && isRecord(setting) ? mapped(setting, (_, id) => keptAt([name, id])) : copyOf(setting),
  );
}

export interface Restored {
  readonly value: Fields;
  /** Of each `$kept` that stands for nothing. */
  readonly problems: readonly Problem[];
}

/** The entry with the values of `before` in place of `$kept`. */
export function restoredEntry(entry: Fields, before: unknown, path: Path): Restored {
  const problems: Problem[] = [];
  const value = mapped(entry, (field, key) =>
    hiddenFields.has(key) && isRecord(field) ? restored(field, before, { path: [...path, key], problems }) : field,
  );
  return { value, problems };
}

/** The whole with the values of `before` in place of `$kept`. */
export function restoredDocument(document: Fields, before: Fields): Restored {
  const problems: Problem[] = [];
  const value = mapped(document, (part, key) => {
    if (!isRecord(part)) return part;
    const former = fieldOf(before, key);
    if (key === 'mcpServers')
      return mapped(part, (entry, name) => {
        if (!isRecord(entry)) return entry;
        const { value: whole, problems: own } = restoredEntry(entry, fieldOf(former, name), [key, name]);
        problems.push(...own);
        return whole;
      });
    if (key !== 'mcpvisor') return part;
    const { value: settings, problems: own } = restoredSettings(part, former);
    problems.push(...own);
    return settings;
  });
  return { value, problems };
}

/** The same of the part under `mcpvisor`. */
export function restoredSettings(settings: Fields, before: unknown): Restored {
  const problems: Problem[] = [];
  const value = mapped(settings, (setting, name) =>
    name === 'secrets' && isRecord(setting)
      ? restored(setting, before, { path: ['mcpvisor', name], problems })
      : setting,
  );
  return { value, problems };
}

function restored(
  field: Fields,
  before: unknown,
  { path, problems }: { readonly path: Path; readonly problems: Problem[] },
): Fields {
  return mapped(field, (value, name) => {
    if (!isRecord(value) || typeof value.$kept !== 'string') return value;
    const [group = '', ...rest] = value.$kept.split('.');
    const known = fieldOf(fieldOf(before, group), rest.join('.'));
    if (known === undefined)
      problems.push(errorAt([...path, name], 'says $kept, and no such value is there', 'write the value'));
    // A problem refuses the whole: what stands here then does not matter.
    return known ?? '';
  });
}

function keptAt([group, name]: readonly [string, string]): Kept {
  return { $kept: `${group}.${name}` };
}

function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) ? entryOf(value, key) : undefined;
}

/** Live objects that a host put into an entry are its own, and stay what they are. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  return isRecord(value) && isPlain(value) ? mapped(value, copyOf) : value;
}

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function mapped(fields: Fields, change: (value: unknown, key: string) => unknown): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value, key)]));
}
