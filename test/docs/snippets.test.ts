/**
 * Runs what the README shows. `json mcp.json` is the configuration; `ts` is compiled against the package's own types,
 * `ts run` is run too, `sh run` is given to a shell while `mcpvisor up` runs. What is printed is the block `text`
 * that follows; `…` stands for anything there.
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
import { type Block, blocksOf, readDocument, root } from '../support/markdown.ts';
import { killMarked, until, untilNoneMarked } from '../support/processes.ts';

const blocks = blocksOf(readDocument('README.md'));
const configuration = blocks.find(({ words }) => words.join(' ') === 'json mcp.json');
const scripts = blocks.filter(({ words }) => words[0] === 'ts');
const commands = blocks.filter(({ words }) => words.join(' ') === 'sh run');

const hasCurl = spawnSync('curl', ['--version']).status === 0;

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcpvisor-readme-'));
  installIn(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'mcp.json'), configuration?.text ?? '');
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
  symlinkSync(join(root, 'node_modules/hono'), join(modules, 'hono'));
  symlinkSync(join(root, 'dist/src/bin.js'), join(modules, '.bin/mcpvisor'));
  const servers = readdirSync(join(root, 'node_modules/.bin')).filter((name) => name.startsWith('mcp-server-'));
  for (const server of servers) symlinkSync(join(root, 'node_modules/.bin', server), join(modules, '.bin', server));
}

function nameOf({ line }: Block): string {
  return `line-${line}`;
}

/** What the block after this one says is printed. */
function printedBy(block: Block): string {
  const next = blocks[blocks.indexOf(block) + 1];
  return next?.words[0] === 'text' ? next.text : '';
}

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

  it.each(scripts.filter(({ words }) => words[1] === 'run').map((script) => [script.line, script] as const))(
    'do what line %i says',
    async (_, script) => {
      const { code, stdout, stderr } = await run(process.execPath, [join(folder, 'built', `${nameOf(script)}.js`)]);
      expect(stderr).toBe('');
      expect(stdout.trim()).toMatch(toPattern(printedBy(script)));
      expect(code).toBe(0);
    },
  );

  it('are many enough to be worth it', () => {
    expect(scripts.filter(({ words }) => words[1] === 'run').length).toBeGreaterThanOrEqual(3);
  });
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
    // The first example defines what the others use.
    let before = '';
    for (const command of commands) {
      const text = command.text.replaceAll('http://127.0.0.1:4780', url);
      const { code, stdout, stderr } = await run('sh', ['-ec', `${before}${text}`], { signal: ending.signal });
      expect({ line: command.line, code, stderr }).toEqual({ line: command.line, code: 0, stderr: '' });
      expect(stdout.trim()).toMatch(toPattern(printedBy(command)));
      before += text
        .split('\n')
        .filter((line) => /^\w+=/.test(line))
        .join('\n')
        .concat('\n');
    }
    expect(commands.length).toBeGreaterThanOrEqual(3);
  });
});
