/** Numbers as options of the command line. */

import { McpvisorError } from '../../errors.ts';

/** An answer that is not there after 300 s is given up by `fetch`; below that the API tells how things stand. */
export const longestWaitMs = 240_000;

/** `--timeout` of something that is waited for. Throws `INVALID_REQUEST`. */
export function parseWait(text: string | undefined, fallbackMs: number): number {
  return text === undefined
    ? fallbackMs
    : parseWhole(text, { option: '--timeout', max: longestWaitMs, unit: ' of milliseconds' });
}

export interface WholeNumber {
  /** What a person would change. */
  readonly option: string;
  /** Default 0. */
  readonly min?: number;
  readonly max: number;
  /** As ` of milliseconds`. */
  readonly unit?: string;
}

/** Throws `INVALID_REQUEST`. */
export function parseWhole(text: string, { option, min = 0, max, unit = '' }: WholeNumber): number {
  if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  const message = `"${text}" is not a whole number${unit} ${min === 0 ? '' : `from ${min} `}up to ${max}`;
  throw new McpvisorError('INVALID_REQUEST', { problems: [{ path: option, message, hint: null, severity: 'error' }] });
}
