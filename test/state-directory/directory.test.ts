import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findStateDirectory, openStateDirectory, type Surroundings } from '../../src/state-directory/directory.ts';
import { openState } from '../../src/state-directory/state.ts';
import { openTokenFile } from '../../src/state-directory/token-file.ts';

const uid = process.getuid?.() ?? -1;
let folder: string;

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcpvisor-')));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('looking for the state directory', () => {
  const from = (cwd: string, env: Surroundings['env'] = {}) =>
    findStateDirectory({ cwd, env, home: '/home/somebody', uid });

  it('takes the nearest .mcpvisor upward that is ours and closed to others', async () => {
    mkdirSync(join(folder, '.mcpvisor'), { mode: 0o700 });
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    expect(await from(join(folder, 'a/b'))).toBe(join(folder, '.mcpvisor'));
  });

  it('passes over one that others can look into', async () => {
    mkdirSync(join(folder, '.mcpvisor'), { mode: 0o700 });
    mkdirSync(join(folder, 'a/.mcpvisor'), { recursive: true });
    chmodSync(join(folder, 'a/.mcpvisor'), 0o755);
    expect(await from(join(folder, 'a'))).toBe(join(folder, '.mcpvisor'));
  });

  it('goes by the XDG state directory, then by HOME, then by the home of the user', async () => {
    expect(await from(folder, { XDG_STATE_HOME: '/xdg', HOME: '/home/me' })).toBe('/xdg/mcpvisor');
    expect(await from(folder, { XDG_STATE_HOME: 'relative', HOME: '/home/me' })).toBe('/home/me/.local/state/mcpvisor');
    expect(await from(folder)).toBe('/home/somebody/.local/state/mcpvisor');
  });
});

describe('opening the state directory', () => {
  it('makes it, for its owner alone', async () => {
    await openStateDirectory(join(folder, 'deep/state'), uid);
    expect(modeOf(join(folder, 'deep/state'))).toBe('700');
  });

  it('closes an empty one to others', async () => {
    chmodSync(folder, 0o755);
    await openStateDirectory(folder, uid);
    expect(modeOf(folder)).toBe('700');
  });

  it('closes one that was ours before', async () => {
    writeFileSync(join(folder, 'token'), 'x');
    chmodSync(folder, 0o755);
    await openStateDirectory(folder, uid);
    expect(modeOf(folder)).toBe('700');
  });

  it('leaves an open one with files of others alone and refuses it', async () => {
    writeFileSync(join(folder, 'thesis.tex'), 'x');
    chmodSync(folder, 0o755);
    await expect(openStateDirectory(folder, uid)).rejects.toMatchObject({ code: 'STATE_DIRECTORY_UNUSABLE' });
    expect(modeOf(folder)).toBe('755');
  });

  it('refuses what is no directory', async () => {
    writeFileSync(join(folder, 'file'), 'x');
    await expect(openStateDirectory(join(folder, 'file'), uid)).rejects.toMatchObject({
      code: 'STATE_DIRECTORY_UNUSABLE',
    });
  });

  it('refuses one of another user', async () => {
    await expect(openStateDirectory(folder, uid + 1)).rejects.toMatchObject({ code: 'STATE_DIRECTORY_UNUSABLE' });
  });
});

describe('the state of a control plane', () => {
  const open = () =>
    openState({
      stateDir: folder,
      uid,
      owner: { pid: process.pid, startTime: null },
      isAlive: () => true,
      tokenFile: null,
    });

  it.each(['lock', 'token', 'mcp-token'])('is unusable, and not a bug, where %s cannot be written', async (name) => {
    mkdirSync(join(folder, name));
    await expect(open()).rejects.toMatchObject({
      code: 'STATE_DIRECTORY_UNUSABLE',
      details: { stateDir: folder, reason: expect.stringContaining('EISDIR') },
    });
    rmSync(join(folder, name), { recursive: true });
    const { lock } = await open();
    await lock.release();
  });
});

describe('a token file', () => {
  it('is made once, with 32 random bytes for its owner alone', async () => {
    const path = join(folder, 'token');
    const token = await openTokenFile(path);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(readFileSync(path, 'utf8')).toBe(`${token}\n`);
    expect(modeOf(path)).toBe('600');
    expect(await openTokenFile(path)).toBe(token);
  });

  it('is closed to others when it is found open', async () => {
    const path = join(folder, 'token');
    writeFileSync(path, 'a-token-somebody-chose\n', { mode: 0o644 });
    expect(await openTokenFile(path)).toBe('a-token-somebody-chose');
    expect(modeOf(path)).toBe('600');
  });

  it('is made again when a crash left it empty', async () => {
    const path = join(folder, 'token');
    writeFileSync(path, '');
    const token = await openTokenFile(path);
    expect(readFileSync(path, 'utf8')).toBe(`${token}\n`);
  });
});
