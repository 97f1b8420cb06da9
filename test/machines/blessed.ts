/** Texts that a person has looked at and found right. */

import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';

const isBlessing = process.env.BLESS === '1';

/** Fails when the file says something else; with `BLESS=1` the file is written again instead. */
export async function expectBlessed(file: URL, text: string): Promise<void> {
  if (isBlessing) await writeFile(file, text);
  expect(await readFile(file, 'utf8').catch(() => '')).toBe(text);
}
