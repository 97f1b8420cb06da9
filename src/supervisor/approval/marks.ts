/**
 * Which specifications of the file were made by an edit through the API: they wait for approval, those that a person
 * wrote do not, nor does an edit that brings one of those back. Kept in `api-edits.json` of the state directory, which
 * only the control plane writes.
 */

import { join } from 'node:path';
import { replaceOwnFile } from '../../files/own-file.ts';
import { isRecord } from '../../text/json.ts';

/** What is known of one server of the file, as hashes. */
export interface Mark {
  /** Made through the API. */
  readonly edited: readonly string[];
  /** Written by a person, and replaced by an edit since; the last ones are at the end. */
  readonly written: readonly string[];
}

export interface Marks {
  get(server: string): Mark | undefined;
  /**
   * An edit puts `hash` in the place of `inForce`, null if that is unknown. Resolves when it is on disk. Rejects with the
   * system's error.
   */
  add(server: string, hash: string, inForce: string | null): Promise<void>;
}

export const marksName = 'api-edits.json';

/** Specifications of a person that are remembered for each server. One that is forgotten has to be approved. */
const mostWritten = 16;

const noMark: Mark = { edited: [], written: [] };

/** `stateDir` null: they are kept in memory. */
export function createMarks(stateDir: string | null, known: ReadonlyMap<string, Mark>): Marks {
  const marks = new Map(known);
  let last: Promise<void> = Promise.resolve();
  return {
    get: (server) => marks.get(server),
    add(server, hash, inForce) {
      marks.set(server, withEdit(marks.get(server) ?? noMark, hash, inForce));
      if (stateDir === null) return Promise.resolve();
      const write = () => replaceOwnFile(join(stateDir, marksName), `${JSON.stringify({ marks: [...marks] })}\n`);
      last = last.then(write, write);
      return last;
    },
  };
}

/** Of what was edited, only what the file says until the edit is written, and what it says then, counts. */
function withEdit({ edited, written }: Mark, hash: string, inForce: string | null): Mark {
  const isWritten = inForce !== null && !edited.includes(inForce) && !written.includes(inForce);
  const known = isWritten ? [...written, inForce].slice(-mostWritten) : written;
  const left = edited.filter((one) => one !== hash && (inForce === null || one === inForce));
  return { edited: known.includes(hash) ? left : [...left, hash], written: known };
}

/** Null: we did not write it. */
export function parseMarks(text: string): ReadonlyMap<string, Mark> | null {
  try {
    const found: unknown = JSON.parse(text);
    const listed: unknown = isRecord(found) ? found.marks : null;
    return Array.isArray(listed) && listed.every(isPair) ? new Map(listed) : null;
  } catch {
    // The caller tells it.
    return null;
  }
}

function isPair(value: unknown): value is readonly [string, Mark] {
  if (!Array.isArray(value)) return false;
  const pair: readonly unknown[] = value;
  const [server, mark] = pair;
  return typeof server === 'string' && isRecord(mark) && isTexts(mark.edited) && isTexts(mark.written);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
