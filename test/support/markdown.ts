/**
 * The documents as data: their code blocks, headings, tables and links, and the parts of them that are made from the
 * code.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the package. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Block {
  /** The words after the fence: `ts run`. */
  readonly words: readonly string[];
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

/** Paths of the hand-written documents, from the package's folder. */
export function documents(): readonly string[] {
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    'CHANGELOG.md',
    ...below.filter((file) => file.endsWith('.md')).map((file) => join('docs', file)),
  ].toSorted();
}

export function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { words: readonly string[]; lines: string[]; line: number } | null = null;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)?.[1];
    if (fence === undefined) open?.lines.push(line);
    else if (open === null) open = { words: fence.trim().split(/\s+/), lines: [], line: index + 1 };
    else {
      blocks.push({ words: open.words, text: `${open.lines.join('\n')}\n`, line: open.line });
      open = null;
    }
  }
  return blocks;
}

/** The document without its code blocks: what is said in them is no heading, table or link. */
function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, '');
}

export function headingsOf(markdown: string): readonly string[] {
  return [...withoutBlocks(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading.trim());
}

/** What a link to a heading says after its `#`, as GitHub makes it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

/** Cells of the rows of every table, without those of the header's ruler. */
export function rowsOf(markdown: string): readonly (readonly string[])[] {
  const lines = withoutBlocks(markdown).split('\n');
  const rows = lines.filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line));
  return rows.map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

/** Targets of the links that lead to files of the package: path and anchor, each empty if it is left out. */
export function linksOf(markdown: string): readonly { readonly path: string; readonly anchor: string }[] {
  const targets = [...withoutBlocks(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const ours = targets.filter((target) => !/^[a-z]+:/.test(target));
  return ours.map((target) => {
    const [path = '', anchor = ''] = target.split('#');
    return { path, anchor };
  });
}

/** Paths named in `code` that can only be meant as files or folders of the package. */
export function pathsOf(markdown: string): readonly string[] {
  const codes = [...withoutBlocks(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return codes.filter(
    (code) => /^(?:src|machines|test|docs|\.ci)(?:\/[\w.-]+)*\/?$/.test(code) || /^[\w./-]+\.(?:ts|mjs|md)$/.test(code),
  );
}

/** The section under a heading, up to the next one of its rank or above. */
export function sectionOf(markdown: string, heading: string): string {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (start < 0) throw new Error(`There is no heading "${heading}".`);
  const rank = lines[start]?.indexOf(' ') ?? 1;
  const end = lines.findIndex((line, index) => index > start && /^#+ /.test(line) && line.indexOf(' ') <= rank);
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n');
}

/**
 * What the document says between its markers `name`, which is made from the code. With `BLESS=1` in the environment
 * `fresh` is written there first. Throws when the markers are not there.
 */
export function generatedPart(path: string, name: string, fresh: string): string {
  const markdown = readDocument(path);
  const [begin, end] = [`<!-- generated: ${name} -->\n`, `<!-- end: ${name} -->`];
  const from = markdown.indexOf(begin) + begin.length;
  const to = markdown.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`${path} has no part "${name}".`);
  if (process.env.BLESS === '1') {
    writeFileSync(join(root, path), markdown.slice(0, from) + fresh + markdown.slice(to));
    return fresh;
  }
  return markdown.slice(from, to);
}

/** Text as it may stand in a cell of a table. */
export function toCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
