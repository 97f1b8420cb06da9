/**
 * Tries other people's servers and gateways, a line each: `npm run real-servers -- [PART-OF-A-NAME …]`; without, all.
 * Needs the network and `python3`. What cannot be installed is skipped; exit code 1 if a program failed.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInstaller } from './installations.ts';
import { programs } from './programs.ts';
import { tryOut } from './trial.ts';

const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-real-servers-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// Stopped early, it leaves nothing behind either: what is undone on exit is undone then.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const install = createInstaller(folder);
for (const program of programs) {
  if (wanted.length > 0 && !wanted.some((part) => program.name.includes(part))) continue;
  const line = await Promise.all(program.installations.map(install)).then(
    (bins) => tryOut(program, bins).catch(failed),
    (error: unknown) => `skipped: it cannot be installed: ${wordsOf(error)}`,
  );
  process.stdout.write(`${program.name.padEnd(38)} ${line}\n`);
}

function failed(error: unknown): string {
  process.exitCode = 1;
  return `FAILED: ${wordsOf(error)}`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
