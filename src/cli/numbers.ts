/** Numbers as options of the command line. */

import { McpvisorError } from '../errors.ts';

/** An answer that is not there after 300 s is given up by `fetch`; below that the API tells how things stand. */
export const longestWaitMs = 240_000;

/** `--timeout` of something that is waited for. Throws `INVALID_REQUEST`. */
export function parseWait(text: string | undefined, fallbackMs: number): number {
  return text === undefined ? fallbackMs : parseWhole(text, { option: '--timeout', max: longestWaitMs, unit: ' milliseconds' });
}

/** Throws `INVALID_REQUEST`. */
export function parseWhole(text: string, { option, max, unit = '' }: { readonly option: string; readonly max: number; readonly unit?: string }): number {
  if (/^\d+$/.test(text) && Number(text) <= max) return Number(text);
  const hint = `a whole number${unit} up to ${max}`;
  throw new McpvisorError('INVALID_REQUEST', { problems: [{ path: option, message: `"${text}" is not that`, hint, severity: 'error' }] });
}
