/** What some suites need beyond Node and npm. */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const required = (process.env.MCPVISOR_REQUIRE ?? '').split(',');

/**
 * Where a program is on the PATH. Null: it is not there, and its suite is skipped, with a title that says why. Throws if
 * `MCPVISOR_REQUIRE` (names separated by commas) has the name: there a missing program is a failure.
 */
export function findProgram(name: string, program = name): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    if (isExecutable(path)) return path;
  }
  if (isRequired(name)) throw new Error(`${program} is not on the PATH, and MCPVISOR_REQUIRE names ${name}`);
  return null;
}

/** Whether `MCPVISOR_REQUIRE` has the name. */
export function isRequired(name: string): boolean {
  return required.includes(name);
}

/** What the title of a suite says when it is skipped. */
export function absence(found: string | null, program: string): string {
  return found === null ? ` (skipped: there is no ${program})` : '';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
