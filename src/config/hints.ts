/** What to write instead of a value that a schema refuses. */

import type * as z from 'zod';
import { nameHint } from './entries/names.ts';

/** Null: the message says it all. */
export function hintOf(issue: z.core.$ZodIssue, found: unknown): string | null {
  if (issue.code === 'invalid_key') return keyHints.get(String(issue.path.at(-2))) ?? idHint;
  if (issue.code === 'invalid_format')
    return issue.format === 'regex' ? `it must match ${issue.pattern ?? 'the pattern'}` : 'it must begin with /';
  if (issue.code === 'too_small') return limitHints.get(String(issue.path.at(-1))) ?? null;
  if (issue.code !== 'invalid_type') return null;
  if (issue.expected === 'string' && (typeof found === 'number' || typeof found === 'boolean'))
    return 'put it in double quotes';
  if (issue.expected === 'string' && found === null) return 'leave the line out, or write "" for an empty value';
  if (issue.expected === 'boolean' && (found === 'true' || found === 'false')) return 'write it without quotes';
  const shape = shapeHints.get(String(issue.path.at(-1)));
  if (shape !== undefined && typeof found === 'object') return shape;
  if (issue.expected === 'array' && typeof found === 'string') return 'write a list: ["…"]';
  if (issue.expected === 'record' && shape !== undefined) return shape;
  if (shape !== undefined && issue.path.length === 1) return shape;
  if (issue.expected === 'number' && typeof found === 'string')
    return 'write the number without quotes and without a unit';
  return null;
}

/** For what mcpvisor itself looks up by its name: secrets and profiles. */
const idHint =
  'a name begins with a letter or digit, has at most 64 characters, and only letters, digits, ".", "_" and "-"';

/** Hints for records whose keys are not ours, by field. */
const keyHints: ReadonlyMap<string, string> = new Map([
  ['groups', `${nameHint}, and has no "/"`],
  ['env', 'the name of a variable is not empty and has no "=" in it'],
  ['headers', 'the name of a header is not empty and has no spaces, colons or letters with accents in it'],
]);

/** For what was written as another kind of list or object, by field. */
const shapeHints: ReadonlyMap<string, string> = new Map([
  ['command', 'write the program as text; args and env stand beside it'],
  ['transport', 'write what is in it into the entry itself'],
  ['env', 'write {"NAME": "value"}'],
  ['headers', 'write {"Name": "value"}'],
  ['args', 'write a list: ["…"]'],
  ['restart', 'write {"kind": "permanent"}, "transient" or "temporary"'],
]);

/** Why a number may not be smaller, by field. */
const limitHints: ReadonlyMap<string, string> = new Map([
  ['idleStopMs', 'whether a lazy server is unused is looked at once a second; one that shall not sleep is not lazy'],
]);
