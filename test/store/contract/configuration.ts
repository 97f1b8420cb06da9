/** The configuration: its versions, and the servers that live in the store. */

import { describe, expect, it } from 'vitest';
import type { Change, StoredEntry } from '../../../src/store/contract.ts';
import type { StoreKind } from '../contract.ts';
import { awkwardEntry, awkwardNames, changeOf, editOf, openFresh, openIn } from './opened.ts';

const untold = { servers: new Map(), settings: null };

export function describeConfiguration(kind: StoreKind): void {
  describe('its configuration', () => {
    it('begins with version 0 and nothing in it', async () => {
      const { store } = await openFresh(kind);
      expect(await store.configuration.version()).toBe(0);
      expect(await store.configuration.read()).toEqual({
        version: 0,
        servers: new Map(),
        told: { file: untold, host: untold },
      });
      expect(await store.configuration.versions({ limit: 10 })).toEqual([]);
    });

    it('keeps a version as it was committed, and applies what it says of the store alone', async () => {
      const { store } = await openFresh(kind);
      const changes: readonly Change[] = [
        changeOf('notes', null, awkwardEntry),
        { source: 'file', server: 'of-the-file', before: null, after: { env: { KEY: { $kept: 'sha256:1' } } } },
        { source: 'host', server: 'of-the-host', before: { command: 'a' }, after: null },
        { source: 'store', server: null, before: null, after: { journal: { maxBytes: 1 } } },
      ];
      const edit = { ...editOf(changes, '2026-11-01T10:11:12.345Z'), by: 'ünï', summary: 'added notes\nand more' };
      const committed = await store.configuration.commit(0, edit);
      expect(committed).toEqual({ ...edit, version: 1 });
      expect(await store.configuration.versions({ limit: 10 })).toEqual([{ ...edit, version: 1 }]);
      const { version, servers } = await store.configuration.read();
      expect([version, ...servers]).toEqual([1, ['notes', awkwardEntry]]);
      expect(JSON.stringify(servers.get('notes'))).toBe(JSON.stringify(awkwardEntry));
      expect(await store.configuration.version()).toBe(1);
    });

    it('says what the versions tell of the file and of the host', async () => {
      const { store } = await openFresh(kind);
      const told = (source: 'file' | 'host', server: string | null, after: StoredEntry | null): Change => {
        return { source, server, before: null, after };
      };
      await store.configuration.commit(
        0,
        editOf([
          told('file', 'a.b', awkwardEntry),
          told('file', null, { journal: { $kept: 'x' } }),
          told('host', '__proto__', {}),
        ]),
      );
      await store.configuration.commit(1, editOf([told('file', 'second', { command: 'x' }), told('host', null, {})]));
      await store.configuration.commit(2, editOf([told('file', 'a.b', null)]));
      expect((await store.configuration.read()).told).toEqual({
        file: { servers: new Map([['second', { command: 'x' }]]), settings: { journal: { $kept: 'x' } } },
        host: { servers: new Map([['__proto__', {}]]), settings: {} },
      });
      await store.configuration.commit(3, editOf([told('file', null, null)]));
      expect((await store.configuration.read()).told.file.settings).toBeNull();
    });

    it('takes names that mean something to objects, queries and paths, in the order in which they were added', async () => {
      const { store } = await openFresh(kind);
      const changes = awkwardNames.map((name, index) => changeOf(name, null, { index }));
      await store.configuration.commit(0, editOf(changes));
      const { servers } = await store.configuration.read();
      expect([...servers]).toEqual(awkwardNames.map((name, index) => [name, { index }]));
      const [first = '', ...others] = awkwardNames;
      await store.configuration.commit(1, editOf([changeOf(first, { index: 0 }, { index: -1 })]));
      expect([...(await store.configuration.read()).servers.keys()]).toEqual(awkwardNames);
      await store.configuration.commit(
        2,
        editOf([changeOf(first, { index: -1 }, null), changeOf(first, null, { index: 0 })]),
      );
      expect([...(await store.configuration.read()).servers.keys()]).toEqual([...others, first]);
    });

    it('keeps a large entry', async () => {
      const { store } = await openFresh(kind);
      const large = { command: 'x', text: 'é"\\\n'.repeat(kind.isSlow === true ? 30_000 : 300_000) };
      await store.configuration.commit(0, editOf([changeOf('large', null, large)]));
      await store.configuration.commit(1, editOf([changeOf('large', large, { ...large, more: 'y' })]));
      expect((await store.configuration.read()).servers.get('large')).toEqual({ ...large, more: 'y' });
      const [second] = await store.configuration.versions({ limit: 1 });
      expect(second?.changes[0]?.before).toEqual(large);
    });

    it('refuses a version that does not follow the newest, and writes nothing then', async () => {
      const { store } = await openFresh(kind);
      expect(await store.configuration.commit(1, editOf([changeOf('a', null, {})]))).toBeNull();
      await store.configuration.commit(0, editOf([changeOf('a', null, { n: 1 })]));
      expect(await store.configuration.commit(0, editOf([changeOf('a', null, { n: 2 })]))).toBeNull();
      expect(await store.configuration.commit(2, editOf([changeOf('a', null, { n: 3 })]))).toBeNull();
      const { version, servers } = await store.configuration.read();
      expect([version, ...servers]).toEqual([1, ['a', { n: 1 }]]);
      expect(await store.configuration.versions({ limit: 10 })).toHaveLength(1);
    });

    it('lists its versions from the newest, in pages', async () => {
      const { store } = await openFresh(kind);
      for (let version = 0; version < 12; version += 1) await store.configuration.commit(version, editOf([]));
      const numbers = async (query: { before?: number; limit: number }) =>
        (await store.configuration.versions(query)).map(({ version }) => version);
      expect(await numbers({ limit: 5 })).toEqual([12, 11, 10, 9, 8]);
      expect(await numbers({ limit: 5, before: 8 })).toEqual([7, 6, 5, 4, 3]);
      expect(await numbers({ limit: 5, before: 3 })).toEqual([2, 1]);
      expect(await numbers({ limit: 5, before: 1 })).toEqual([]);
      expect(await numbers({ limit: 1000 })).toHaveLength(12);
    });

    it('drops the oldest versions beyond its bound, and no server', async () => {
      const { store } = await openFresh(kind, { maxVersions: 5 });
      for (let version = 0; version < 9; version += 1)
        await store.configuration.commit(version, editOf([changeOf(`s${version}`, null, { version })]));
      const kept = await store.configuration.versions({ limit: 100 });
      expect(kept.map(({ version }) => version)).toEqual([9, 8, 7, 6, 5]);
      expect((await store.configuration.read()).servers.size).toBe(9);
    });

    it.runIf(kind.isDurable)('is the same when it is opened again', async () => {
      const { place, store } = await openFresh(kind);
      for (const [version, name] of awkwardNames.entries())
        await store.configuration.commit(version, editOf([changeOf(name, null, awkwardEntry)]));
      const before = [await store.configuration.read(), await store.configuration.versions({ limit: 100 })];
      await store.close();
      const again = await openIn(place);
      expect([await again.configuration.read(), await again.configuration.versions({ limit: 100 })]).toEqual(before);
      expect([...(await again.configuration.read()).servers.keys()]).toEqual(awkwardNames);
      expect(await again.configuration.commit(awkwardNames.length, editOf([]))).not.toBeNull();
    });
  });
}
