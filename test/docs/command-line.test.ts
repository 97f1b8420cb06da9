import { Writable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/exit-code.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { createScreen } from '../../src/cli/screen/screen.ts';
import { version } from '../../src/index.ts';
import { generatedPart, readDocument, root, rowsOf, sectionOf, toCell } from '../support/markdown.ts';

const page = 'docs/reference/command-line.md';

interface Option {
  /** `-f, --follow`. */
  readonly flags: string;
  /** `--follow`. */
  readonly name: string;
  readonly about: string;
}

let commands: readonly string[];
let optionsOf: ReadonlyMap<string, readonly Option[]>;

beforeAll(async () => {
  const general = await helpOf([]);
  const listed = partOf(general, 'Commands');
  // Commander's own `help` is no command of ours.
  commands = [...listed.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
  optionsOf = new Map(
    await Promise.all(commands.map(async (name) => [name, parseOptions(await helpOf([name]))] as const)),
  );
});

/** The first word in `code` of the first cell of each row. */
function firstCells(section: string): readonly string[] {
  return rowsOf(sectionOf(readDocument(page), section)).flatMap(([cell = '']) => /^`([^`]+)`/.exec(cell)?.[1] ?? []);
}

async function helpOf(words: readonly string[]): Promise<string> {
  let text = '';
  const output = createScreen(
    new Writable({
      write(chunk, _, done) {
        text += String(chunk);
        done();
      },
    }),
  );
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
    argv: [...words, '--help'],
    stdout: output,
    stderr: output,
    stay: () => {
      throw new Error('Help does not stay.');
    },
  });
  return text;
}

/** The lines below `title:`, up to the next empty one. */
function partOf(help: string, title: string): string {
  const [, rest = ''] = help.split(`\n${title}:\n`);
  return rest.split('\n\n')[0] ?? '';
}

/** A description that was too long for its line goes on below, further in. */
function parseOptions(help: string): readonly Option[] {
  return partOf(help, 'Options')
    .split(/\n {2}(?=-)/)
    .map((option) => /^\s*(\S.*?) {2,}([\s\S]*)$/.exec(option) ?? [])
    .map(([, flags = '', about = '']) => ({
      flags,
      name: /--[a-z-]+/.exec(flags)?.[0] ?? '',
      about: about.replaceAll(/\s+/g, ' ').trim(),
    }))
    .filter(({ name }) => name !== '--help');
}

const rowOf = ({ flags, about }: Option) => `\`${toCell(flags)}\` | ${toCell(about)}`;

/** An option that several commands have in the same words is one row. `open` has those that nearly all have. */
function optionsPart(): string {
  const rows = new Map<string, string[]>();
  for (const [command, options] of optionsOf) {
    if (command === 'up') continue;
    for (const row of options.map(rowOf)) rows.set(row, [...(rows.get(row) ?? []), command]);
  }
  const shared = new Set(optionsOf.get('open')?.map(rowOf));
  const having = (row: string, names: readonly string[]) =>
    shared.has(row) ? `all but ${listed(commands.filter((name) => !names.includes(name)))}` : listed(names);
  const table = [...rows].map(([row, names]) => `| ${having(row, names)} | ${row} |\n`);
  return `\n| command | option | |\n|---|---|---|\n${table.join('')}\n`;
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

describe('the page of the command line', () => {
  it('lists every command, and no other', () => {
    expect(firstCells('Commands').map((cell) => cell.split(' ')[0])).toEqual(commands);
  });

  it('lists the options of `up`, and no other', () => {
    const options = optionsOf.get('up')?.map(({ name }) => name) ?? [];
    expect(options.length).toBeGreaterThan(5);
    const shown = firstCells('mcpvisor up').map((cell) => cell.split(' ')[0] ?? '');
    expect(shown.toSorted()).toEqual(options.toSorted());
  });

  it('has the options of all other commands (BLESS=1 writes them)', () => {
    const fresh = optionsPart();
    expect(generatedPart(page, 'options', fresh)).toBe(fresh);
  });

  it('has a variable for each option of `up` but `--json`, and those by which a control plane is found', () => {
    const variables = (optionsOf.get('up') ?? []).map(
      ({ name }) => `MCPVISOR_${name.slice(2).toUpperCase().replaceAll('-', '_')}`,
    );
    const expected = new Set([
      ...variables.filter((name) => name !== 'MCPVISOR_JSON'),
      'MCPVISOR_URL',
      'MCPVISOR_TOKEN',
    ]);
    const shown = sectionOf(readDocument(page), 'Environment variables').match(/MCPVISOR_[A-Z_]+/g) ?? [];
    expect(shown.toSorted()).toEqual([...expected].toSorted());
  });

  it('lists every exit code', () => {
    expect(firstCells('Exit codes').map(Number)).toEqual(Object.values(exitCodes));
  });
});
