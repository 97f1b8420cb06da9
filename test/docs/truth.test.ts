import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exitCodes } from '../../src/cli/exit-code.ts';
import type { Output } from '../../src/cli/invocation.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { createHttpApp } from '../../src/http/app.ts';
import { createSupervisor, version } from '../../src/index.ts';
import { commandTypes, serverStates } from '../../src/supervisor/contract.ts';
import {
  anchorOf,
  blocksOf,
  documents,
  headingsOf,
  linksOf,
  pathsOf,
  readDocument,
  root,
  rowsOf,
  sectionOf,
} from '../support/markdown.ts';

const readme = readDocument('README.md');

/** The first word in `code` of the first cell of each row. */
function firstCells(section: string): readonly string[] {
  return rowsOf(sectionOf(readme, section)).flatMap(([cell = '']) => /^`([^`]+)`/.exec(cell)?.[1] ?? []);
}

async function helpOf(command: string): Promise<string> {
  let text = '';
  const output: Output = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const surroundings = {
    cwd: root,
    env: {},
    home: root,
    uid: 0,
    pid: 1,
    platform: 'linux',
    version,
    nodeVersion: process.version,
    program: [],
    stdin: process.stdin,
  };
  await runCommandLine({
    ...surroundings,
    argv: [command, '--help'],
    stdout: output,
    stderr: output,
    stay: () => {
      throw new Error('Help does not stay.');
    },
  });
  return text;
}

describe.each(documents())('%s', (document) => {
  const markdown = readDocument(document);
  const toPath = (path: string) => (path === '' ? document : normalize(join(dirname(document), path)));

  it('names only files and folders that are there', () => {
    // Paths from the package's folder; a bare name of a file may also be one beside the document.
    expect(
      pathsOf(markdown).filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, toPath(path)))),
    ).toEqual([]);
  });

  it('links only to files and headings that are there', () => {
    const broken = linksOf(markdown).filter(({ path, anchor }) => {
      const target = toPath(path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== '' && !headingsOf(readDocument(target)).map(anchorOf).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('the README', () => {
  it('lists the routes that are served, and no other', async () => {
    const supervisor = await createSupervisor();
    onTestFinished(() => supervisor.close());
    const app = createHttpApp({
      supervisor,
      admission: { tokens: [], hosts: { boundHost: '127.0.0.1' } },
      report: () => {},
      now: Date.now,
    });
    const served = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(firstCells('The control API').toSorted()).toEqual([...new Set(served)].toSorted());
  });

  it('lists the options of `up`, and no other', async () => {
    const options = [...(await helpOf('up')).matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option = '']) => option);
    expect(options.length).toBeGreaterThan(5);
    expect(
      firstCells('mcpvisor up')
        .map((cell) => cell.split(' ')[0] ?? '')
        .toSorted(),
    ).toEqual(options.toSorted());
  });

  it('lists every exit code', () => {
    expect(firstCells('Exit codes').map(Number)).toEqual(Object.values(exitCodes));
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

  it('names every command', () => {
    for (const command of commandTypes) expect(readme).toContain(`\`${command}\``);
  });
});
