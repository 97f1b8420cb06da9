import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { level } from '../../../src/store/level/level.ts';
import { openStore } from '../../../src/store/open.ts';
import { schemaKey } from '../../../src/store/ordered/keys.ts';
import { createRecords } from '../../../src/store/ordered/records.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';

type Kind = 'level' | 'lmdb';

const open = (kind: Kind, folder: string) => openStore(`${kind}:${folder}`, { now: Date.now, stateDir: null, env: {} });

/** With facts that fill some pages; opened twice, so that LevelDB has put some into a table and others into its log. */
async function fillStore(kind: Kind, folder: string): Promise<void> {
  for (const first of [1, 301]) {
    const { store, trouble } = await open(kind, folder);
    expect(trouble).toBeNull();
    for (let batch = 0; batch < 6; batch += 1) {
      const seqs = Array.from({ length: 50 }, (_, index) => first + batch * 50 + index);
      const at = '2026-11-01T00:00:00.000Z';
      await store.journal.append(seqs.map((seq) => ({ seq, at, type: 'transition', actor: `server:${seq}` })));
    }
    await store.close();
  }
}

const made = new Map<Kind, string>();

/** A copy of one that was made once. */
function createStore(kind: Kind): string {
  const folder = join(createScratchFolder(), 'store');
  cpSync(made.get(kind) ?? '', folder, { recursive: true });
  return folder;
}

const parent = mkdtempSync(join(realpathSync(tmpdir()), 'mcpvisor-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
beforeAll(async () => {
  for (const kind of ['level', 'lmdb'] as const) {
    made.set(kind, join(parent, kind));
    await fillStore(kind, join(parent, kind));
  }
});

function fileOf(folder: string, pattern: RegExp): string {
  const name = readdirSync(folder).find((entry) => pattern.test(entry));
  expect(name).toBeDefined();
  return join(folder, name ?? '');
}

function fill(path: string, value: number | null, [from, to]: readonly [number, number]): void {
  const bytes = readFileSync(path);
  for (let at = Math.floor(bytes.length * from); at < bytes.length * to; at += 1) bytes[at] = value ?? (at * 7) % 251;
  writeFileSync(path, bytes);
}

function cut(path: string, share: number): void {
  truncateSync(path, Math.floor(readFileSync(path).length * share));
}

/** What is in the files; what LevelDB says of itself and locks are no part of a store. */
function contentOf(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder).filter((name) => !/^(LOCK|LOG|LOG\.old|lock\.mdb)$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'hex')]));
}

const table = /\.ldb$/;
const log = /\.log$/;
const lmdbFile = /^data\.mdb$/;

describe('a store whose files are damaged', () => {
  it.each<[string, Kind, RegExp, (path: string) => void]>([
    ['a table with zeros in it', 'level', table, (path) => fill(path, 0, [0.1, 0.6])],
    ['a table with garbage in it', 'level', table, (path) => fill(path, null, [0.3, 0.5])],
    ['a table that was cut off', 'level', table, (path) => cut(path, 0.5)],
    ['a log with garbage in it', 'level', log, (path) => fill(path, null, [0.3, 0.4])],
    ['a log that was cut off', 'level', log, (path) => cut(path, 0.5)],
    ['a log that is gone', 'level', log, (path) => rmSync(path)],
    ['a manifest of garbage', 'level', /^MANIFEST/, (path) => fill(path, null, [0, 1])],
    ['no CURRENT', 'level', /^CURRENT$/, (path) => rmSync(path)],
    ['pages of zeros, at which LMDB aborts', 'lmdb', lmdbFile, (path) => fill(path, 0, [0.3, 1])],
    ['a file that was cut off, at which LMDB crashes', 'lmdb', lmdbFile, (path) => cut(path, 0.3)],
    ['a file of garbage', 'lmdb', lmdbFile, (path) => fill(path, null, [0, 1])],
    ['an empty file', 'lmdb', lmdbFile, (path) => cut(path, 0)],
  ])('is left as it is, and one in memory takes its place: %s', async (_, kind, file, damage) => {
    const folder = createStore(kind);
    damage(fileOf(folder, file));
    const before = contentOf(folder);
    const { store, trouble } = await open(kind, folder);
    expect(trouble).toMatch(`${kind}:${folder} cannot be used: `);
    expect(store.kind).toBe('memory');
    expect(await store.configuration.version()).toBe(0);
    expect(contentOf(folder)).toEqual(before);
  });
});

describe('a store that cannot be used', () => {
  it('says that another one has it open', async () => {
    const folder = createStore('level');
    const { store } = await open('level', folder);
    await expect(open('level', folder)).rejects.toMatchObject({ trouble: 'in-use' });
    expect((await store.journal.extent()).facts).toBe(600);
    await store.close();
    expect((await open('level', folder)).trouble).toBeNull();
  });

  it.each<Kind>(['level', 'lmdb'])('says what is in its place (%s)', async (kind) => {
    const folder = createScratchFolder();
    writeFileSync(join(folder, 'file'), '');
    expect((await open(kind, join(folder, 'file'))).trouble).toMatch(/its folder cannot be used: /);
    expect((await open(kind, folder)).trouble).toMatch(/its folder holds something else: file/);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('says that a newer version has written it', async () => {
    const folder = join(createScratchFolder(), 'store');
    mkdirSync(folder);
    const records = createRecords({ database: await level.open(folder), onWritten: () => {} });
    await records.update(async () => ({ changes: new Map([[schemaKey, 2]]), result: null }));
    await records.close();
    expect((await open('level', folder)).trouble).toMatch(/a newer mcpvisor has written it/);
  });
});
