import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { replaceConfigFile } from '../../../src/config/file/replace.ts';
import { isMcpvisorError } from '../../../src/errors.ts';
import { killReplacements } from '../../faults/file/kills.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';

const known = '{"mcpServers": {}}\n';
const text = '{"mcpServers": {"größe": {"command": "a"}}}\n';
const isRoot = process.getuid?.() === 0;

async function reasonFor(file: string, former: string | null = known): Promise<string | null> {
  try {
    await replaceConfigFile(file, { known: former, text });
    return null;
  } catch (error) {
    if (!isMcpvisorError(error, 'CONFIG_READ_ONLY')) throw error;
    expect(error.details.file).toBe(file);
    return error.details.reason;
  }
}

function createFile(): { readonly folder: string; readonly file: string } {
  const folder = createScratchFolder();
  const file = join(folder, 'mcp.json');
  writeFileSync(file, known);
  return { folder, file };
}

describe('the file of a configuration', () => {
  it('is replaced, with its mode, and nothing is left beside it', async () => {
    for (const mode of [0o600, 0o640, 0o664]) {
      const { folder, file } = createFile();
      chmodSync(file, mode);
      expect(await reasonFor(file)).toBeNull();
      expect(readFileSync(file, 'utf8')).toBe(text);
      expect(statSync(file).mode & 0o777).toBe(mode);
      expect(readdirSync(folder)).toEqual(['mcp.json']);
    }
  });

  it.runIf(isRoot)('keeps its owner', async () => {
    const { file } = createFile();
    chownSync(file, 1234, 4321);
    expect(await reasonFor(file)).toBeNull();
    expect(statSync(file)).toMatchObject({ uid: 1234, gid: 4321 });
  });

  it.each([
    ['UTF-8 with a mark', (whole: string) => Buffer.from(`\uFEFF${whole}`)],
    ['UTF-16', (whole: string) => Buffer.from(whole, 'utf16le')],
    ['UTF-16 with a mark', (whole: string) => Buffer.from(`\uFEFF${whole}`, 'utf16le')],
    ['UTF-16 of the other order', (whole: string) => Buffer.from(whole, 'utf16le').swap16()],
    ['UTF-16 of the other order with a mark', (whole: string) => Buffer.from(`\uFEFF${whole}`, 'utf16le').swap16()],
  ])('stays %s', async (_, encoded) => {
    const { file } = createFile();
    writeFileSync(file, encoded(known));
    expect(await reasonFor(file)).toBeNull();
    expect(readFileSync(file)).toEqual(encoded(text));
  });

  it('is found through links, which stay', async () => {
    const { folder, file } = createFile();
    mkdirSync(join(folder, 'links'));
    symlinkSync(file, join(folder, 'links', 'second'));
    const first = join(folder, 'first');
    symlinkSync('links/second', first);
    expect(await reasonFor(first)).toBeNull();
    expect(lstatSync(first).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(folder)).toEqual(['first', 'links', 'mcp.json']);
  });

  it('is made if there was none, for its owner only', async () => {
    const folder = createScratchFolder();
    const file = join(folder, 'mcp.json');
    expect(await reasonFor(file, null)).toBeNull();
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await reasonFor(file, null)).toBe('it was not there, and now it is');
  });

  it('is replaced by way of a fresh draft, whatever has its name', async () => {
    const { folder, file } = createFile();
    const other = join(folder, 'other');
    writeFileSync(other, 'other');
    const draft = join(folder, '.mcp.json.mcpvisor.tmp');
    symlinkSync(other, draft);
    expect(await reasonFor(file)).toBeNull();
    rmSync(draft, { force: true });
    linkSync(other, draft);
    writeFileSync(file, known);
    expect(await reasonFor(file)).toBeNull();
    expect(readFileSync(other, 'utf8')).toBe('other');
    expect(readdirSync(folder)).toEqual(['mcp.json', 'other']);
  });
});

describe('a file that must not be written', () => {
  const edited = 'it was edited a moment ago, and that edit is not in force yet; try again';

  it.each([
    ['was edited meanwhile', '{"mcpServers": {"b": {}}}', edited],
    [
      'has a mistake now',
      '{"mcpServers": {\n  "b": }\n}',
      'what it says now is not in force: line 2, column 8: a value is expected',
    ],
    ['is empty now', '', 'what it says now is not in force: the file is empty (write at least {"mcpServers": {}})'],
    [
      'is no text now',
      Buffer.from([0xc3, 0x28]),
      'what it holds now is not in force: line 1 is no UTF-8 text; save it as UTF-8',
    ],
  ])('because it %s stays as it is', async (_, content, reason) => {
    const { folder, file } = createFile();
    writeFileSync(file, content);
    expect(await reasonFor(file)).toBe(reason);
    expect(readFileSync(file)).toEqual(Buffer.from(content));
    expect(readdirSync(folder)).toEqual(['mcp.json']);
  });

  it('because it is gone, a folder, a pipe or our own descriptor is not made', async () => {
    const { folder, file } = createFile();
    rmSync(file);
    expect(await reasonFor(file)).toBe('it is not there any more (ENOENT)');
    mkdirSync(file);
    expect(await reasonFor(file)).toBe('it is not a regular file');
    expect(await reasonFor('/dev/fd/0')).toBe('it was given as an open file, which has no name');
    expect(await reasonFor(join(folder, 'gone', 'mcp.json'))).toBe('it is not there any more (ENOENT)');
    expect(await reasonFor(join(folder, 'gone', 'mcp.json'), null)).toBe('it is not there any more (ENOENT)');
  });

  it('because it is in a volume of Kubernetes stays as it is', async () => {
    const folder = createScratchFolder();
    mkdirSync(join(folder, '..2026_11_30'));
    writeFileSync(join(folder, '..2026_11_30', 'mcp.json'), known);
    symlinkSync('..2026_11_30', join(folder, '..data'));
    symlinkSync('..data/mcp.json', join(folder, 'mcp.json'));
    expect(await reasonFor(join(folder, 'mcp.json'))).toBe(
      'it is in a volume of Kubernetes (a ConfigMap or Secret), which is only changed there',
    );
    expect(readFileSync(join(folder, 'mcp.json'), 'utf8')).toBe(known);
  });

  it('because it or its folder is read-only stays as it is, for root, too', async () => {
    const { folder, file } = createFile();
    chmodSync(file, 0o444);
    expect(await reasonFor(file)).toBe('it is read-only');
    chmodSync(file, 0o644);
    chmodSync(folder, 0o555);
    onTestFinished(() => chmodSync(folder, 0o755));
    expect(await reasonFor(file)).toBe('its folder is read-only');
    expect(readFileSync(file, 'utf8')).toBe(known);
  });

  const mayMount = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;

  it.runIf(mayMount)('because it is mounted, its file system is read-only or its disk is full stays as it is', () => {
    const top = createScratchFolder();
    const mounts = [
      ['mounted', 'mount --bind other mcp.json'],
      ['read-only', 'mount --bind . . && mount -o remount,bind,ro .'],
      ['full', 'mount -t tmpfs -o size=8k none . && cp ../seed $PWD/mcp.json'],
    ] as const;
    writeFileSync(join(top, 'seed'), known);
    for (const [name] of mounts) {
      mkdirSync(join(top, name));
      for (const file of ['mcp.json', 'other']) writeFileSync(join(top, name, file), known);
    }
    const program = `
      import { readFileSync, readdirSync } from 'node:fs';
      import { replaceConfigFile } from ${JSON.stringify(fileURLToPath(new URL('../../../src/config/file/replace.ts', import.meta.url)))};
      const outcomes = [];
      for (const name of ${JSON.stringify(mounts.map(([name]) => name))}) {
        const file = ${JSON.stringify(top)} + '/' + name + '/mcp.json';
        const known = readFileSync(file, 'utf8');
        const error = await replaceConfigFile(file, { known, text: known + ' '.repeat(8000) }).catch((error) => error);
        const isWhole = readFileSync(file, 'utf8') === known;
        outcomes.push([error?.details?.reason, isWhole, readdirSync(file.slice(0, -9)).some((one) => one.endsWith('.tmp'))]);
      }
      console.log(JSON.stringify(outcomes));
    `;
    const tsx = ['--import', import.meta.resolve('tsx'), '--input-type=module'];
    const steps = mounts.map(([name, mount]) => `cd ${join(top, name)} && ${mount}`).join(' && ');
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', `${steps} && cd / && exec "$0" "$@"`, process.execPath, ...tsx, '--eval', program],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([
      ['it is mounted on its own, and cannot be replaced (EBUSY)', true, false],
      ['its file system is read-only (EROFS)', true, false],
      ['its disk is full (ENOSPC)', true, false],
    ]);
  });
});

describe('a process that is killed in the middle of edits', () => {
  it('leaves one text or the other, whole, and the next one goes on from there', async () => {
    const { acknowledged, violations } = await killReplacements({
      kills: 3,
      seed: 1,
      signal: new AbortController().signal,
    });
    expect(violations).toEqual([]);
    expect(acknowledged).toBeGreaterThan(0);
  });
});
