/** What words need to know of where they are written: width, colours, and what must not reach a terminal. */

import { stripVTControlCharacters, styleText } from 'node:util';
import type { Environment } from '../../config/expand/environment.ts';
import type { Output } from '../invocation.ts';

export type Format = Parameters<typeof styleText>[0];

export type Paint = (format: Format, text: string) => string;

export interface Terminal {
  /** Null: nobody who minds long lines reads along. */
  readonly width: number | null;
  readonly paint: Paint;
}

export const plain: Paint = (_, text) => text;

export function terminalOf(output: Output, env: Environment): Terminal {
  if (output.isTTY !== true) return { width: null, paint: plain };
  const isPlain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  // Node would look at stdout and the environment itself: both are known here.
  return {
    width: sizeOf(output).columns,
    paint: isPlain ? plain : (format, text) => styleText(format, text, { validateStream: false }),
  };
}

/** Of a terminal; what one that does not know its size (0 by 0) is taken for. */
export function sizeOf({ columns = 0, rows = 0 }: Output): { readonly columns: number; readonly rows: number } {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

/**
 * Text from servers, as it may be shown: a terminal would obey the escape sequences in it. Line breaks and tabs stay.
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
