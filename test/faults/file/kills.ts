/** Many kills of a process that replaces a configuration file: each time the file has to be a whole one. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createDice } from '../schedule/dice.ts';
import { numberedText } from './numbered-text.ts';

const program = fileURLToPath(new URL('replacing.ts', import.meta.url));

export interface ReplacementKills {
  /** Replacements that were acknowledged. */
  readonly acknowledged: number;
  /** Kills that left a draft beside the file. */
  readonly drafts: number;
  readonly violations: readonly string[];
}

/** After each kill the file is the last text that was acknowledged or the next one, and the next run finds it so. */
export async function killReplacements({
  kills,
  seed,
  signal,
}: {
  readonly kills: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}): Promise<ReplacementKills> {
  const dice = createDice(seed);
  const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-'));
  const file = join(folder, 'mcp.json');
  const violations: string[] = [];
  let acknowledged = 0;
  let drafts = 0;
  try {
    writeFileSync(file, numberedText(0));
    for (let kill = 0; kill < kills && !signal.aborted; kill += 1) {
      const told = await runAndKill(file, { edits: 1 + dice.below(3), thenMs: dice.below(longestMs) });
      const last = told.at(-1) ?? 0;
      acknowledged += told.length - 1;
      const text = readFileSync(file, 'utf8');
      if (text !== numberedText(last) && text !== numberedText(last + 1))
        violations.push(
          `kill ${kill}: after text ${last} the file has ${text.length} characters: ${text.slice(0, 60)}`,
        );
      if (readdirSync(folder).length > 1) drafts += 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { acknowledged, drafts, violations };
}

/** About as long as one edit takes. */
const longestMs = 10;

/** Resolves to the numbers of the texts that were on disk, one by one. */
async function runAndKill(
  file: string,
  { edits, thenMs }: { readonly edits: number; readonly thenMs: number },
): Promise<readonly number[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const told: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(Number(line));
    if (told.length !== edits + 1) continue;
    // The moment of the kill is what is tried.
    await delay(thenMs);
    child.kill('SIGKILL');
  }
  await ended;
  return told;
}
