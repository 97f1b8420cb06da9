/** Guesses what an unknown key was meant to be: a misspelling, or another program's word. */

import { distance } from 'fastest-levenshtein';
import { entryOf } from '../../machines/table.ts';

/** Other programs' words that are not acted on, because they may mean something else; each with what to write. */
export const toldOnly: Readonly<Record<string, string>> = {
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
  bearerToken: 'write "headers": {"Authorization": "Bearer …"}',
  token: 'write "headers": {"Authorization": "Bearer …"}',
  authorization_token: 'write "headers": {"Authorization": "Bearer …"}',
  bearer_token_env_var: 'write "headers": {"Authorization": "Bearer ${NAME}"}',
  apiKey: 'write headers for a remote server, env for a program',
  requestInit: 'write headers',
  requestOptions: 'write headers',
  auth: 'this version does not log in; write headers with a token',
  oauth: 'this version does not log in; write headers with a token',
  host: 'write url, with its scheme: http://HOST:PORT/mcp',
  shell: 'no shell is used; write "command": "sh", "args": ["-c", "…"]',
  env_vars: 'write inheritEnv for names to pass on',
  autoRestart: 'write "restart": {"kind": …}',
  depends_on: 'write dependsOn',
  servers: 'write mcpServers',
  mcp_servers: 'write mcpServers',
};

/** The hint for `key` where the keys `known` are allowed. */
export function hintForKey(key: string, known: readonly string[]): string | null {
  const closest = closestTo(key, known);
  return closest === null ? (entryOf(toldOnly, key) ?? null) : `did you mean ${closest}?`;
}

/** Longer words are no misspelt names, and comparing them would take long. */
const longestWord = 128;

/**
 * The word of `known` closest to `word`, if it is at most a few edits (insertions, deletions and replacements) away.
 * Takes time in proportion to `known`: a caller with thousands of words asks about the first ones only.
 */
export function closestTo(word: string, known: readonly string[]): string | null {
  if (word.length > longestWord) return null;
  const lower = word.toLowerCase();
  const mostSlips = (candidate: string) => Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 4));
  let best: { readonly candidate: string; readonly slips: number } | null = null;
  for (const candidate of known) {
    // So many letters must be inserted or deleted at least.
    if (Math.abs(candidate.length - word.length) > mostSlips(candidate)) continue;
    const slips = distance(lower, candidate.toLowerCase());
    if (slips <= mostSlips(candidate) && (best === null || slips < best.slips)) best = { candidate, slips };
  }
  return best?.candidate ?? known.find((candidate) => candidate.toLowerCase() === `${lower}ms`) ?? null;
}
