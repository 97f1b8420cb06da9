import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { serverStates } from '../../src/supervisor/contract.ts';
import {
  anchorOf,
  blocksOf,
  documents,
  headingsOf,
  linksOf,
  pathsOf,
  readDocument,
  root,
} from '../support/markdown.ts';

/** What npm packs whatever `files` says. */
const packed = ['README.md', 'LICENSE', 'package.json', ...packageJson.files];

function isPacked(path: string): boolean {
  return packed.some((entry) => path === entry || path.startsWith(`${entry}/`));
}

/** Where a link of `document` leads, from the package's folder. */
function targetOf(document: string, path: string): string {
  return path === '' ? document : normalize(join(dirname(document), path));
}

/** The documents that a click in `document` leads to; a folder shows those in it. */
function pagesBehind(document: string): readonly string[] {
  const targets = new Set(linksOf(readDocument(document)).map(({ path }) => targetOf(document, path)));
  return documents().filter((other) => targets.has(other) || targets.has(dirname(other)));
}

describe.each(documents())('%s', (document) => {
  const markdown = readDocument(document);

  it('names only files and folders that are there', () => {
    // Paths from the package's folder; a bare name of a file may also be one beside the document.
    const isThere = (path: string) => existsSync(join(root, path)) || existsSync(join(root, targetOf(document, path)));
    expect(pathsOf(markdown).filter((path) => !isThere(path))).toEqual([]);
  });

  it('links only to files and headings that are there', () => {
    const broken = linksOf(markdown).filter(({ path, anchor }) => {
      const target = targetOf(document, path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== '' && !headingsOf(readDocument(target)).map(anchorOf).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('links only to what is in the package, too', () => {
    const targets = linksOf(markdown).map(({ path }) => targetOf(document, path));
    expect(targets.filter((target) => !isPacked(target))).toEqual([]);
  });
});

describe('the page of the architecture', () => {
  it('names every folder of the source', () => {
    const inside = (top: string) =>
      readdirSync(join(root, top), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath }) => relative(root, parentPath));
    const folders = new Set([...inside('src'), ...inside('machines')]);
    const named = pathsOf(readDocument('docs/architecture.md'));
    expect([...folders].filter((folder) => !named.some((path) => path === folder || dirname(path) === folder))).toEqual(
      [],
    );
  });
});

describe('the README', () => {
  const readme = readDocument('README.md');

  it('is short', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(200);
  });

  it('begins with the two commands of a newcomer', () => {
    const first = blocksOf(readme).find(({ words }) => words[0] === 'sh');
    expect(first?.text).toBe('npm ci && npm start\nnpm ci && npm test\n');
  });

  it('leads to every document in two clicks', () => {
    const first = pagesBehind('README.md');
    const reached = new Set(['README.md', ...first, ...first.flatMap(pagesBehind)]);
    expect(documents().filter((document) => !reached.has(document))).toEqual([]);
  });

  it('shows every state of a server in its picture, and no other', () => {
    const picture = blocksOf(readme).find(({ words }) => words[0] === 'mermaid')?.text ?? '';
    const named = new Map(
      [...picture.matchAll(/^ *state "([^"]+)" as (\w+)$/gm)].map(([, name = '', id = '']) => [id, name]),
    );
    const ends = [...picture.matchAll(/^ *(\S+) --> (\S+?)(?: *:.*)?$/gm)].flatMap(([, from = '', to = '']) => [
      from,
      to,
    ]);
    const shown = new Set(ends.filter((end) => end !== '[*]').map((end) => named.get(end) ?? end));
    expect([...shown].toSorted()).toEqual([...serverStates].toSorted());
  });
});
