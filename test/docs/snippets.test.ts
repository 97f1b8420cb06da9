/**
 * Runs what the documents show. `json mcp.json` is a configuration: that of the README is used by all examples, the
 * others are checked. `ts` is compiled against the package's own types, `ts run` is run too, `sh run` is given to a
 * shell while `mcpvisor up` runs. What is printed is the block `text` that follows; `…` stands for anything there.
 */

import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Block, blocksOf, documents, readDocument, root, rowsOf, sectionOf } from '../support/markdown.ts';
import { killMarked, until, untilNoneMarked } from '../support/processes.ts';

interface Example extends Block {
  readonly document: string;
  /** What the block after this one says is printed. */
  readonly printed: string;
}

const examples = documents().flatMap((document) =>
  blocksOf(readDocument(document)).map((block, index, blocks): Example => {
    const next = blocks[index + 1];
    return { ...block, document, printed: next?.words[0] === 'text' ? next.text : '' };
  }),
);
const configurations = examples.filter(({ words }) => words.join(' ') === 'json mcp.json');
const scripts = examples.filter(({ words }) => words[0] === 'ts');
const commands = examples.filter(({ words }) => words.join(' ') === 'sh run');

const hasCurl = spawnSync('curl', ['--version']).status === 0;

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcpvisor-readme-'));
  installIn(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'mcp.json'), configurations.find(({ document }) => document === 'README.md')?.text ?? '');
  for (const script of scripts) writeFileSync(join(folder, `${nameOf(script)}.ts`), script.text);
  const compilerOptions = {
    ...JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')).compilerOptions,
    noEmit: false,
    outDir: 'built',
    typeRoots: [join(root, 'node_modules/@types')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
});

afterAll(async () => {
  killMarked(folder);
  await untilNoneMarked(folder);
  rmSync(folder, { recursive: true, force: true });
});

/** As `npm install mcpvisor` would leave it, with the servers of the examples. */
function installIn(where: string): void {
  const modules = join(where, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  symlinkSync(root, join(modules, 'mcpvisor'));
  symlinkSync(join(root, 'node_modules/@modelcontextprotocol'), join(modules, '@modelcontextprotocol'));
  for (const name of ['hono', '@statelyai']) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  symlinkSync(join(root, 'dist/src/bin.js'), join(modules, '.bin/mcpvisor'));
  const servers = readdirSync(join(root, 'node_modules/.bin')).filter((name) => name.startsWith('mcp-server-'));
  for (const server of servers) symlinkSync(join(root, 'node_modules/.bin', server), join(modules, '.bin', server));
}

function nameOf({ document, line }: Example): string {
  return `${document.replaceAll(/\W/g, '-')}-${line}`;
}

const placeOf = ({ document, line }: Example) => `${document}:${line}`;

function toPattern(printed: string): RegExp {
  const escaped = printed.trim().replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('…', '[\\s\\S]*')}$`);
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Everything a snippet needs is installed: nothing is fetched. */
function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  const { PATH = '' } = process.env;
  const env = {
    PATH,
    HOME: folder,
    npm_config_offline: 'true',
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_update_notifier: 'false',
  };
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('the examples for TypeScript', () => {
  beforeAll(async () => {
    const { code, stdout } = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
    if (code !== 0) throw new Error(`The examples do not compile:\n${stdout}`);
  });

  it.each(scripts.filter(({ words }) => words[1] === 'run').map((script) => [placeOf(script), script] as const))(
    'do what %s says',
    async (_, script) => {
      const { code, stdout, stderr } = await run(process.execPath, [join(folder, 'built', `${nameOf(script)}.js`)]);
      expect(stderr).toBe('');
      expect(stdout.trim()).toMatch(toPattern(script.printed));
      expect(code).toBe(0);
    },
  );

  it('are many enough to be worth it', () => {
    expect(scripts.filter(({ words }) => words[1] === 'run').length).toBeGreaterThanOrEqual(7);
  });
});

describe('the examples of configurations', () => {
  it.each(configurations.map((example) => [placeOf(example), example] as const))(
    '%s has no mistake',
    async (_, example) => {
      const file = join(folder, `${nameOf(example)}.json`);
      writeFileSync(file, example.text);
      const { code, stderr } = await run(process.execPath, [join(root, 'dist/src/bin.js'), 'check', file]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );
});

describe.skipIf(!hasCurl)('the examples for a shell (with curl)', () => {
  it('do what they say, one after another', async () => {
    const file = join(folder, '.mcpvisor/control-plane.json');
    const ending = new AbortController();
    const daemon = spawn(
      process.execPath,
      [join(root, 'dist/src/bin.js'), 'up', '--state-dir', '.mcpvisor', '--port', '0'],
      { cwd: folder, stdio: 'ignore' },
    );
    const daemonEnded = new Promise<number | null>((resolve) => {
      daemon.on('close', resolve);
    });
    onTestFinished(async () => {
      ending.abort();
      daemon.kill('SIGTERM');
      expect(await daemonEnded).toBe(0);
    });
    await until('the API answers', () => existsSync(file));
    const { url }: { url: string } = JSON.parse(readFileSync(file, 'utf8'));
    // The first example of a document defines what the others there use.
    const defined = new Map<string, string>();
    for (const command of commands) {
      const before = defined.get(command.document) ?? '';
      const text = command.text.replaceAll('http://127.0.0.1:4780', url);
      const { code, stdout, stderr } = await run('sh', ['-ec', `${before}${text}`], { signal: ending.signal });
      expect({ place: placeOf(command), code, stderr }).toEqual({ place: placeOf(command), code: 0, stderr: '' });
      expect(stdout.trim()).toMatch(toPattern(command.printed));
      const definitions = text.split('\n').filter((line) => /^\w+=/.test(line));
      defined.set(command.document, [before, ...definitions, ''].join('\n'));
    }
    expect(commands.length).toBeGreaterThanOrEqual(7);
    // By then every file that there can be has been written, but for the log of a detached one.
    const page = sectionOf(readDocument('docs/reference/command-line.md'), 'State directory');
    const named = rowsOf(page).flatMap(([cell = '']) => /^`([\w.-]+)/.exec(cell)?.[1] ?? []);
    // The socket of the lock has a name of its own each time.
    const files = readdirSync(join(folder, '.mcpvisor')).map((file) =>
      file.replace(/^lock-[\w-]+\.sock$/, 'lock.sock'),
    );
    expect(files.filter((file) => !named.includes(file))).toEqual([]);
  });
});
