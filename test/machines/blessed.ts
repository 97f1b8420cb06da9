/** Texts that a person has read and approved. */

import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';

const isBlessing = process.env.BLESS === '1';

/** Fails if the file has another text; with `BLESS=1` it writes the file instead. */
export async function expectBlessed(file: URL, text: string): Promise<void> {
  if (isBlessing) await writeFile(file, text);
  expect(await readFile(file, 'utf8').catch(() => '')).toBe(text);
}
