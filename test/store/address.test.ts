import { describe, expect, it } from 'vitest';
import { isMcpvisorError } from '../../src/errors.ts';
import { folderOf, parseStoreAddress } from '../../src/store/address.ts';
import { openStore } from '../../src/store/open.ts';

describe('the address of a store', () => {
  it.each([
    ['memory:', { kind: 'memory', place: '' }],
    ['level:/var/lib/store', { kind: 'level', place: '/var/lib/store' }],
    ['lmdb:here', { kind: 'lmdb', place: 'here' }],
    ['level:', { kind: 'level', place: '' }],
    ['mongodb:', { kind: 'mongodb', place: 'mongodb:' }],
    ['mongodb://user:secret@db/x', { kind: 'mongodb', place: 'mongodb://user:secret@db/x' }],
    ['mongodb+srv://db/x', { kind: 'mongodb', place: 'mongodb+srv://db/x' }],
  ])('%s is of a kind', (address, parsed) => {
    expect(parseStoreAddress(address)).toEqual(parsed);
  });

  it.each(['', 'memory', 'memory:x', 'mongodb://', 'mongodb:db', 'mongo://db', 'MEMORY:', '/var/lib/store', 'file:x'])(
    '"%s" is none',
    (address) => {
      expect(parseStoreAddress(address)).toBeNull();
    },
  );

  it('is refused without being repeated: it may hold a password', async () => {
    const opening = openStore('mysql://user:secret@db', { now: () => 0, stateDir: null, env: {} });
    const error: unknown = await opening.catch((reason: unknown) => reason);
    expect(isMcpvisorError(error, 'INVALID_REQUEST')).toBe(true);
    expect(String(error)).toContain('mongodb://HOST/DATABASE');
    expect(String(error)).not.toContain('secret');
  });
});

describe('the folder of an embedded store', () => {
  it('is the one that is named, from the current directory', () => {
    expect(folderOf({ kind: 'level', place: '/store' }, '/state')).toBe('/store');
    expect(folderOf({ kind: 'level', place: 'store' }, '/state')).toBe(`${process.cwd()}/store`);
  });

  it('is in the state directory if none is named, and nowhere without one', () => {
    expect(folderOf({ kind: 'lmdb', place: '' }, '/state')).toBe('/state/store');
    expect(folderOf({ kind: 'lmdb', place: '' }, null)).toBeNull();
  });
});
