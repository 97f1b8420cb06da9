/** Guesses what an unknown key was meant to be: a misspelling, or another program's word. */

import { entryOf } from '../../machines/table.ts';

/** Other programs' words for settings that have another name here. */
const foreignWords: Readonly<Record<string, string>> = {
  timeout:
    'some programs mean seconds by it and some milliseconds; write callTimeoutMs for calls or startTimeoutMs for the start',
  requestTimeout: 'write callTimeoutMs, in milliseconds',
  requestTimeoutMs: 'write callTimeoutMs',
  toolTimeout: 'write callTimeoutMs, in milliseconds',
  tool_timeout_sec: 'write callTimeoutMs, in milliseconds',
  startupTimeout: 'write startTimeoutMs, in milliseconds',
  startupTimeoutMs: 'write startTimeoutMs',
  startup_timeout_sec: 'write startTimeoutMs, in milliseconds',
  startup_timeout_ms: 'write startTimeoutMs',
  initTimeout: 'write startTimeoutMs',
  connectionTimeout: 'write startTimeoutMs, in milliseconds',
  alwaysAllow: 'write autoApprove',
  environment: 'write env',
  env_vars: 'write inheritEnv for names to pass on',
  working_directory: 'write cwd',
  serverUrl: 'write url',
  httpUrl: 'write url',
  uri: 'write url',
  http_headers: 'write headers',
  includeTools: 'write "tools": {"include": […]}',
  enabled_tools: 'write "tools": {"include": […]}',
  excludeTools: 'write "tools": {"exclude": […]}',
  disabledTools: 'write "tools": {"exclude": […]}',
  disabled_tools: 'write "tools": {"exclude": […]}',
  autoRestart: 'write "restart": {"kind": …}',
  depends_on: 'write dependsOn',
  servers: 'write mcpServers',
  mcp_servers: 'write mcpServers',
};

/** The hint for `key` where the keys `known` are allowed. */
export function hintForKey(key: string, known: readonly string[]): string | null {
  const closest = closestTo(key, known);
  return closest === null ? (entryOf(foreignWords, key) ?? null) : `did you mean ${closest}?`;
}

/** The word of `known` closest to `word`, if it is at most a few edits away. */
export function closestTo(word: string, known: readonly string[]): string | null {
  const lower = word.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, slips: slipsBetween(lower, candidate.toLowerCase()) }))
    .filter(({ candidate, slips }) => slips <= Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 4)))
    .sort((one, other) => one.slips - other.slips);
  const withUnit = known.find((candidate) => candidate.toLowerCase() === `${lower}ms`);
  return ranked[0]?.candidate ?? withUnit ?? null;
}

/** The Levenshtein distance: insertions, deletions and replacements. */
function slipsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of one.split('').entries()) {
    const next = [at + 1];
    for (const [index, against] of other.split('').entries()) {
      const replaced = (row[index] ?? 0) + (letter === against ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
