/** The place output is written to: width, colours, and what must not reach a terminal. */

import { stripVTControlCharacters, styleText } from 'node:util';
import type { Environment } from '../../config/expand/environment.ts';
import type { Output } from '../invocation.ts';

export type Format = Parameters<typeof styleText>[0];

export type Paint = (format: Format, text: string) => string;

export interface Terminal {
  /** Null: not a terminal; lines may be of any length. */
  readonly width: number | null;
  readonly paint: Paint;
}

export const plain: Paint = (_, text) => text;

export function terminalOf(output: Output, env: Environment): Terminal {
  if (output.isTTY !== true) return { width: null, paint: plain };
  const isPlain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  // By default Node would look at stdout and the environment itself; both are given here.
  return {
    width: sizeOf(output).columns,
    paint: isPlain ? plain : (format, text) => styleText(format, text, { validateStream: false }),
  };
}

/** The size of a terminal; 80 by 24 for one that does not know it (0 by 0). */
export function sizeOf({ columns = 0, rows = 0 }: Output): { readonly columns: number; readonly rows: number } {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

/**
 * Text from servers, safe to show: without escape sequences, which a terminal would obey. Line breaks and tabs stay.
 */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]/gu, (character) =>
    JSON.stringify(character).slice(1, -1),
  );
}

/** The same on one line. */
export function oneLine(text: string): string {
  return harmless(text).replaceAll(/\s+/g, ' ').trim();
}
