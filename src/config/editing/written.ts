/** How a document is written: what its author would have typed for a value that is new in it. */

export interface Style {
  /** One level of indentation. */
  readonly unit: string;
  readonly lineEnd: string;
  /** Between a brace and what is in it, on one line. */
  readonly pad: string;
}

/** Lists of texts stay on one line up to here, as people write them. */
const widestList = 100;

export function styleOf(text: string): Style {
  return {
    unit: unitOf(text),
    lineEnd: /\r\n|\n|\r/.exec(text)?.[0] ?? '\n',
    pad: /\{ "/.test(text) ? ' ' : '',
  };
}

/** What the first line that stands deeper than the one before it has more. */
function unitOf(text: string): string {
  let before = '';
  for (const line of text.split(/\r\n|\n|\r/)) {
    const indent = indentOf(line);
    if (line.length > indent.length) {
      if (indent.length > before.length && indent.startsWith(before)) return indent.slice(before.length);
      before = indent;
    }
  }
  return '  ';
}

function indentOf(line: string): string {
  let end = 0;
  while (line[end] === ' ' || line[end] === '\t') end += 1;
  return line.slice(0, end);
}

export function onOneLine(value: unknown, style: Style): string {
  if (Array.isArray(value)) return `[${value.map((item) => onOneLine(item, style)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}: ${onOneLine(field, style)}`);
  return fields.length === 0 ? '{}' : `{${style.pad}${fields.join(', ')}${style.pad}}`;
}

/** `indent`: of the line that the value begins in. */
export function onLines(value: unknown, indent: string, style: Style): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = indent + style.unit;
  const isList = Array.isArray(value);
  const line = onOneLine(value, style);
  if (line === '{}' || (isList && line.length <= widestList && value.every(isPart))) return line;
  const parts = isList
    ? value.map((item) => onLines(item, deeper, style))
    : Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}: ${onLines(field, deeper, style)}`);
  const [open, close] = isList ? '[]' : '{}';
  const separator = `${style.lineEnd}${deeper}`;
  return `${open}${separator}${parts.join(`,${separator}`)}${style.lineEnd}${indent}${close}`;
}

function isPart(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}
