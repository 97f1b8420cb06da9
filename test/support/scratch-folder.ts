/** A folder for one test. */

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from './finishing.ts';

/** Called within a test: the folder and what is in it are gone when that test is over. */
export function createScratchFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'mcpvisor-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
