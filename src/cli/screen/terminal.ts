/** The place output is written to: its width and colours. */

import type { Environment } from '../../config/expand/environment.ts';
import { type Drawn, type Format, painted, shown } from './drawn.ts';
import type { Screen } from './screen.ts';

export type Paint = (format: Format, text: string) => Drawn;

export interface Terminal {
  /** Null: not a terminal; lines may be of any length. */
  readonly width: number | null;
  readonly paint: Paint;
}

export const plain: Paint = (_, text) => shown(text);

export function terminalOf(output: Pick<Screen, 'isTTY' | 'columns' | 'rows'>, env: Environment): Terminal {
  if (output.isTTY !== true) return { width: null, paint: plain };
  const isPlain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return {
    width: sizeOf(output).columns,
    paint: isPlain ? plain : painted,
  };
}

/** The size of a terminal; 80 by 24 for one that does not know it (0 by 0). */
export function sizeOf({ columns = 0, rows = 0 }: Pick<Screen, 'columns' | 'rows'>): {
  readonly columns: number;
  readonly rows: number;
} {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

/** On one line. */
export function oneLine(text: string): string {
  return shown(text).replaceAll(/\s+/g, ' ').trim();
}
