/** Options of the command line that are numbers. */

import { McpvisorError } from '../../errors.ts';

/** `fetch` gives up on an answer after 300 s; below that, the API can still answer with the current state. */
export const longestWaitMs = 240_000;

/** `--timeout`: how long to wait. Throws `INVALID_REQUEST`. */
export function parseWait(text: string | undefined, fallbackMs: number): number {
  return text === undefined
    ? fallbackMs
    : parseWhole(text, { option: '--timeout', max: longestWaitMs, unit: ' of milliseconds' });
}

export interface WholeNumber {
  /** The option's name, for the error. */
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
