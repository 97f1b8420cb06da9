import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, startTimeOf } from '../../src/session/process/identity.ts';
import { findStateDirectory, openStateDirectory, type Surroundings } from '../../src/state-directory/directory.ts';
import { readFurtherTokens } from '../../src/state-directory/further-tokens.ts';
import { remember } from '../../src/state-directory/known.ts';
import { takeLock } from '../../src/state-directory/lock.ts';
import { findRunning } from '../../src/state-directory/running.ts';
import { openState } from '../../src/state-directory/state.ts';
import { openTokenFile, readNamedToken } from '../../src/state-directory/token-file.ts';

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
  const from = (cwd: string, env: Surroundings['env'] = { XDG_STATE_HOME: join(folder, 'xdg') }) =>
    findStateDirectory({ cwd, env, home: '/home/somebody', uid, isAlive });
  const records = () => join(folder, 'xdg/mcpvisor/known');

  async function makeKnown(path: string): Promise<string> {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    await remember(path, records());
    return path;
  }

  it('takes the nearest .mcpvisor upward that was made here, is ours and closed to others', async () => {
    const known = await makeKnown(join(folder, '.mcpvisor'));
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    expect(await from(join(folder, 'a/b'))).toBe(known);
    const open = await makeKnown(join(folder, 'a/.mcpvisor'));
    expect(await from(join(folder, 'a/b'))).toBe(open);
    chmodSync(open, 0o755);
    expect(await from(join(folder, 'a/b'))).toBe(known);
  });

  it('takes one that was not made here while a control plane of this machine runs with it', async () => {
    const found = join(folder, '.mcpvisor');
    mkdirSync(found, { mode: 0o700 });
    const lock = await takeLock(found, { pid: process.pid, startTime: startTimeOf(process.pid) }, isAlive);
    expect(await from(folder)).toBe(found);
    await lock.release();
    expect(await from(folder)).toBe(join(folder, 'xdg/mcpvisor'));
  });

  describe('passes over one that came from somewhere else', () => {
    const planted = () => join(folder, '.mcpvisor');
    const address = { url: 'http://127.0.0.1:9', startedAt: '', version: '', config: null };
    const linked = 'whose lock is a link to that of a control plane that runs';
    const claims = {
      'with no lock': () => {},
      'that names a process without its start time': () =>
        writeFileSync(join(planted(), 'lock'), JSON.stringify({ pid: process.pid, startTime: null })),
      'that names a process with another start time': () =>
        writeFileSync(join(planted(), 'lock'), JSON.stringify({ pid: process.pid, startTime: 'boot:1' })),
      'that names another PID namespace and a socket that is a file': () => {
        const socket = 'lock-00.sock';
        writeFileSync(
          join(planted(), 'lock'),
          JSON.stringify({ pid: 1, startTime: 'x', namespace: 'pid:[1]', socket }),
        );
        writeFileSync(join(planted(), socket), '');
      },
      [linked]: () => {
        const real = join(folder, 'real-lock');
        writeFileSync(real, JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) }));
        symlinkSync(real, join(planted(), 'lock'));
      },
      'with an id that is on no record': () =>
        writeFileSync(join(planted(), 'id'), '00000000-0000-0000-0000-000000000000\n'),
    };

    it.each(Object.entries(claims))('%s', async (claim, plant) => {
      mkdirSync(planted(), { mode: 0o700 });
      writeFileSync(join(planted(), 'token'), 'known-to-its-maker-0123456789\n');
      writeFileSync(join(planted(), 'control-plane.json'), JSON.stringify({ ...address, pid: process.pid }));
      plant();
      expect(await from(folder)).toBe(join(folder, 'xdg/mcpvisor'));
      expect((await findRunning(planted(), isAlive)).state).toBe(claim === linked ? 'unknown' : 'none');
    });

    it('in the place of one that was made here, with its id', async () => {
      const known = await makeKnown(planted());
      const id = readFileSync(join(known, 'id'));
      renameSync(known, join(folder, 'elsewhere'));
      mkdirSync(planted(), { mode: 0o700 });
      writeFileSync(join(planted(), 'id'), id);
      expect(await from(folder)).toBe(join(folder, 'xdg/mcpvisor'));
    });

    it('that is a link', async () => {
      const known = await makeKnown(join(folder, 'somewhere/.mcpvisor'));
      symlinkSync(known, planted());
      expect(await from(folder)).toBe(join(folder, 'xdg/mcpvisor'));
    });
  });

  it('forgets the records of folders that are gone', async () => {
    const first = await makeKnown(join(folder, 'a/.mcpvisor'));
    rmSync(first, { recursive: true });
    await makeKnown(join(folder, 'b/.mcpvisor'));
    expect(readdirSync(records())).toHaveLength(1);
  });

  it('goes by the XDG state directory, then by HOME, then by the home of the user', async () => {
    expect(await from(folder, { XDG_STATE_HOME: '/xdg', HOME: '/home/me' })).toBe('/xdg/mcpvisor');
    expect(await from(folder, { XDG_STATE_HOME: 'relative', HOME: '/home/me' })).toBe('/home/me/.local/state/mcpvisor');
    expect(await from(folder, {})).toBe('/home/somebody/.local/state/mcpvisor');
  });
});

describe('opening the state directory', () => {
  const strange = {
    'a token that is a link': 'token',
    'a record that is a link': 'processes.json',
    'a folder of logs that is a link': 'logs',
    'a log that is a link': 'logs/files.log',
    'a page that is a link': 'pages/docs.html',
  };

  it.each(Object.entries(strange))('refuses %s, and leaves alone what it leads to', async (_, name) => {
    const stateDir = join(folder, 'state');
    const outside = join(folder, 'outside');
    mkdirSync(dirname(join(stateDir, name)), { recursive: true, mode: 0o700 });
    writeFileSync(outside, 'untouched', { mode: 0o644 });
    symlinkSync(outside, join(stateDir, name));
    await expect(openStateDirectory(stateDir, uid)).rejects.toMatchObject({
      code: 'STATE_DIRECTORY_UNUSABLE',
      message: expect.stringContaining(name),
    });
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
    expect(modeOf(outside)).toBe('644');
  });

  it('refuses a pipe without waiting for its writer', async () => {
    execFileSync('mkfifo', [join(folder, 'lock')]);
    await expect(openStateDirectory(folder, uid)).rejects.toMatchObject({ code: 'STATE_DIRECTORY_UNUSABLE' });
    const flaw = `${join(folder, 'lock')} cannot be read (EINVAL)`;
    expect(await findRunning(folder, isAlive)).toEqual({ state: 'unknown', flaw });
  });

  it('is not held up by files that come and go while it is looked at', async () => {
    const ending = new AbortController();
    const churn = async (name: string) => {
      while (!ending.signal.aborted) {
        const path = join(folder, name);
        await writeFile(path, '');
        await rm(path);
      }
    };
    const churning = ['a', 'b', 'c'].map(churn);
    try {
      for (let time = 0; time < 300; time += 1) await expect(openStateDirectory(folder, uid)).resolves.toBeUndefined();
    } finally {
      ending.abort();
      await Promise.all(churning);
    }
  });

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
      isKnown: true,
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

describe('a file that is named for a token', () => {
  const [empty, missing] = ['empty', 'missing'];
  const kinds: readonly [string, string][] = [
    ['.', 'cannot be read (EISDIR)'],
    [missing, 'cannot be read (ENOENT)'],
    [empty, 'holds no token'],
  ];

  it.each(kinds)('is told with the reason: %s %s', async (name, reason) => {
    writeFileSync(join(folder, empty), '');
    const file = join(folder, name);
    const problem = { message: `${file} ${reason}`, severity: 'error' };
    await expect(readNamedToken(file, '--token-file')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { problems: [{ ...problem, path: '--token-file' }] },
    });
    await expect(readFurtherTokens([{ name: 'ann', scope: 'read', file: name }], folder)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { problems: [{ ...problem, path: 'mcpvisor.http.tokens.0.file' }] },
    });
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

  it('is replaced in a folder whose maker may know it', async () => {
    const path = join(folder, 'token');
    writeFileSync(path, 'known-to-its-maker-0123456789\n');
    const token = await openTokenFile(path, true);
    expect(token).not.toBe('known-to-its-maker-0123456789');
    expect(readFileSync(path, 'utf8')).toBe(`${token}\n`);
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
