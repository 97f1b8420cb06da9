/** Rows as lines with aligned columns, fitted to the width of the terminal. */

import stringWidth from 'string-width';
import { type Drawn, type Format, joined, shown } from './drawn.ts';
import { plain, type Terminal } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  readonly align?: 'right';
  /** Null: unformatted. */
  readonly format?: (row: Row) => Format | null;
}

const characters = new Intl.Segmenter();
const gap = '  ';
/** A column is not made narrower than this: less would be unreadable. */
const leastWidth = 6;

/** The title line, then a line per row, none wider than the terminal if that is possible. */
export function toTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, paint }: Terminal = { width: null, paint: plain },
): Drawn[] {
  const texts = rows.map((row) => columns.map((column) => cellOf(column.of(row))));
  const natural = columns.map(({ title }, index) =>
    Math.max(title.length, ...texts.map((cells) => stringWidth(cells[index] ?? ''))),
  );
  const widths = width === null ? natural : fitted(natural, width - gap.length * (columns.length - 1));
  const toLine = (cells: readonly string[], formats: readonly (Format | null)[]) => {
    const padded = cells.map((cell, index) =>
      pad(cut(cell, widths[index] ?? 0), widths[index] ?? 0, columns[index]?.align ?? 'left'),
    );
    const last = padded.length - 1;
    const trimmed = padded.map((cell, index) => (index === last ? cell.trimEnd() : cell));
    // Padded first: escape sequences have no width.
    return joined(
      trimmed.map((cell, index) => painted(cell, formats[index] ?? null)),
      gap,
    );
  };
  const painted = (cell: string, format: Format | null) => (format === null ? shown(cell) : paint(format, cell));
  const header = toLine(
    columns.map(({ title }) => title),
    columns.map(() => 'dim' as const),
  );
  const body = rows.map((row, at) =>
    toLine(
      texts[at] ?? [],
      columns.map(({ format }) => format?.(row) ?? null),
    ),
  );
  return [header, ...body];
}

/** On one line, with the spaces it begins with; what is made visible counts for the width. */
function cellOf(text: string): string {
  return shown(text)
    .replaceAll(/[\n\t]+/g, ' ')
    .trimEnd();
}

/** Takes from the widest columns until everything fits. */
function fitted(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  for (let excess = total(widths) - available; excess > 0; excess -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= leastWidth) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Shortens to a width in terminal columns, by whole graphemes, with `…` in place of the rest. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let columns = 0;
  for (const { segment } of characters.segment(text)) {
    columns += stringWidth(segment);
    if (columns > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'right' ? `${space}${text}` : `${text}${space}`;
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
