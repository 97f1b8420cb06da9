/**
 * Takes items out of an object or list of a document and puts others at its end, as text. Everything else stays as it
 * is, comments included. `modify` of the parser's library is not used: it drops the comments around what it removes, and
 * formats the lines that it touches.
 */

import { createScanner, type Node } from 'jsonc-parser';
import { onLines, onOneLine, type Style } from './written.ts';

/** Replaces `end - start` characters at `start`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly content: string;
}

export interface Document {
  readonly text: string;
  readonly style: Style;
}

/** One more item: with a name in an object, without one in a list. */
export interface Added {
  readonly name: string | null;
  readonly value: unknown;
}

/** Longer items are written on several lines, even between some that are not. */
const widestLine = 120;

/** `removed`: the numbers of the items that go. */
export function spliced(
  document: Document,
  container: Node,
  { removed, added }: { readonly removed: ReadonlySet<number>; readonly added: readonly Added[] },
): readonly TextEdit[] {
  const { text } = document;
  const items = (container.children ?? []).map(({ offset, length }) => ({ start: offset, end: offset + length }));
  const close = container.offset + container.length - 1;
  const commaAfter = (index: number): number | null => {
    const item = items[index];
    return item === undefined ? null : commaIn(text, item.end, items[index + 1]?.start ?? close);
  };
  const last = items.length - 1;
  const kept = items.findLastIndex((_, index) => !removed.has(index));
  const hasTrailingComma = commaAfter(last) !== null;
  const edits: TextEdit[] = [...removed].flatMap((index) => {
    const item = items[index];
    return item === undefined ? [] : removal(text, { ...item, comma: commaAfter(index), isLast: index === last });
  });
  if (added.length === 0) {
    const comma = kept === last || hasTrailingComma ? null : commaAfter(kept);
    return comma === null ? edits : [...edits, { start: comma, end: comma + 1, content: '' }];
  }
  const lastKept = items[kept];
  if (lastKept !== undefined && kept === last && !hasTrailingComma)
    edits.push({ start: lastKept.end, end: lastKept.end, content: ',' });
  const place = placeFor(document, container, lastKept !== undefined);
  const words = added.map((item) => `${written(document, container, { ...item, ...place })}`);
  const joined = words.join(`,${place.between}`) + (hasTrailingComma ? ',' : '');
  return [...edits, { ...place.at, content: `${place.before}${joined}${place.behind}` }];
}

interface Removed {
  readonly start: number;
  readonly end: number;
  /** Offset of the comma behind it. Null: there is none. */
  readonly comma: number | null;
  readonly isLast: boolean;
}

/** The whole line, if nothing else is on it. Otherwise the item, its comma, and the blanks that parted it from others. */
function removal(text: string, { start, end, comma, isLast }: Removed): readonly TextEdit[] {
  const isTogether = comma !== null && isBlank(text.slice(end, comma));
  const range = { start, end: isTogether ? comma + 1 : end, content: '' };
  const others = comma === null || isTogether ? [] : [{ start: comma, end: comma + 1, content: '' }];
  const indent = indentBefore(text, start);
  const behind = blanksFrom(text, range.end);
  const lineEnd = /^(?:\r\n|\n|\r)/.exec(text.slice(behind, behind + 2))?.[0] ?? '';
  if (indent !== null && lineEnd !== '')
    return [{ ...range, start: start - indent.length, end: behind + lineEnd.length }, ...others];
  if (!isLast) return [{ ...range, end: behind }, ...others];
  return [{ ...range, start: indent === null ? blanksBefore(text, start) : start }, ...others];
}

interface PlaceFor {
  /** What is replaced by all new items together. */
  readonly at: { readonly start: number; readonly end: number };
  readonly before: string;
  readonly between: string;
  readonly behind: string;
  /** Of the lines of the new items. Null: they go on the line that is there. */
  readonly indent: string | null;
}

/** Behind all that is in the container, its last comments included. */
function placeFor({ text, style }: Document, container: Node, hasOthers: boolean): PlaceFor {
  const { children = [] } = container;
  const close = container.offset + container.length - 1;
  const closing = indentBefore(text, close);
  const last = children.at(-1);
  const own = last === undefined ? null : indentBefore(text, last.offset);
  if (closing !== null) {
    const start = close - closing.length;
    const indent = own ?? closing + style.unit;
    const between = style.lineEnd + indent;
    return { at: { start, end: start }, before: indent, between, behind: style.lineEnd, indent };
  }
  const content = contentEnd(text, last, container);
  const outer = last === undefined ? indentOfItem(text, container) : null;
  if (outer !== null) {
    const indent = outer + style.unit;
    const between = style.lineEnd + indent;
    return { at: { start: content, end: close }, before: between, between, behind: style.lineEnd + outer, indent };
  }
  const at = { start: content, end: content };
  if (own !== null) {
    const between = style.lineEnd + own;
    return { at, before: between, between, behind: '', indent: own };
  }
  const isFirst = !hasOthers && content === container.offset + 1;
  return { at, before: isFirst ? '' : ' ', between: ' ', behind: '', indent: null };
}

/** The indentation of a field or value that begins its line. Null: it does not, or is the only thing on it. */
export function indentOfItem(text: string, { parent, offset }: Node): string | null {
  if (parent === undefined) return '';
  return indentBefore(text, parent.type === 'property' ? parent.offset : offset);
}

/** The end of the last item, comma or comment in it. */
function contentEnd(text: string, last: Node | undefined, { offset, length }: Node): number {
  const from = last === undefined ? offset + 1 : last.offset + last.length;
  const gap = text.slice(from, offset + length - 1);
  const scanner = createScanner(gap, false);
  let end = 0;
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const behind = scanner.getTokenOffset() + scanner.getTokenLength();
    if (gap.slice(scanner.getTokenOffset(), behind).trim() !== '') end = behind;
  }
  return from + end;
}

function written(
  { text, style }: Document,
  { children = [] }: Node,
  { name, value, indent }: Added & Pick<PlaceFor, 'indent'>,
): string {
  const label = name === null ? '' : `${JSON.stringify(name)}: `;
  const line = label + onOneLine(value, style);
  if (indent === null) return line;
  const last = children.at(-1);
  const [, neighbour] = last?.children ?? [];
  const isShort = neighbour?.type === 'object' && (neighbour.children ?? []).length > 0 && isOnOneLine(text, neighbour);
  return isShort && line.length <= widestLine ? line : label + onLines(value, indent, style);
}

function isOnOneLine(text: string, { offset, length }: Node): boolean {
  return !/[\n\r]/.test(text.slice(offset, offset + length));
}

function commaIn(text: string, from: number, to: number): number | null {
  const scanner = createScanner(text.slice(from, to), true);
  scanner.scan();
  const comma = from + scanner.getTokenOffset();
  return comma < to && text[comma] === ',' ? comma : null;
}

/** What stands before it on its line. Null: more than blanks. Reads no further, since a line may be a whole text. */
function indentBefore(text: string, offset: number): string | null {
  const start = blanksBefore(text, offset);
  return start > 0 && /[\n\r]/.test(text[start - 1] ?? '') ? text.slice(start, offset) : null;
}

function blanksFrom(text: string, offset: number): number {
  let end = offset;
  while (text[end] === ' ' || text[end] === '\t') end += 1;
  return end;
}

function blanksBefore(text: string, offset: number): number {
  let start = offset;
  while (text[start - 1] === ' ' || text[start - 1] === '\t') start -= 1;
  return start;
}

function isBlank(text: string): boolean {
  return blanksFrom(text, 0) === text.length;
}
