import { expect, it } from 'vitest';
import { noCounters } from '../../../machines/policy/restart.ts';
import type { Edit } from '../../../src/store/contract.ts';
import { describeWithMongo } from '../../support/mongo/suites.ts';
import { asClient, createDatabase, openIn } from './place.ts';

const edit: Edit = {
  at: '2026-11-01T00:00:00.000Z',
  by: 'token',
  summary: 'added notes',
  changes: [{ source: 'store', server: 'notes', before: null, after: { command: 'node', 'a.$b': { __proto__: 1 } } }],
};
const fact = { seq: 7, at: '2026-11-01T00:00:01.000Z', type: 'server.failed', actor: 'server:notes', code: 'x' };

describeWithMongo('a store in MongoDB', ({ server }) => {
  it('tells any client of the database what is in it', async () => {
    const address = createDatabase(server().url);
    const store = openIn(address);
    await store.configuration.commit(0, edit);
    await store.journal.append([fact]);
    await store.servers.write(new Map([['notes', { wanted: 'down' as const, counters: noCounters }]]));
    await asClient(address, async (database) => {
      const { by, at, summary } = edit;
      expect(await database.collection('mcpvisor_versions').findOne({ version: 1 })).toMatchObject({ by, at, summary });
      const { seq, type, actor } = fact;
      expect(await database.collection('mcpvisor_journal').findOne({ actor })).toMatchObject({
        seq,
        type,
        at: fact.at,
      });
      const notes = await database.collection('mcpvisor_servers').find({ wanted: 'down' }).toArray();
      expect(notes.map(({ _id }) => String(_id))).toEqual(['notes']);
    });
  });

  it('has only collections of its own beside those of others, which it leaves as they are', async () => {
    const address = createDatabase(server().url);
    const others = ['conversations', 'chat', 'graph_gen', 'mcp_gen', 'graph_run', 'mcp_configs'];
    const snapshot = () =>
      asClient(address, async (database) =>
        JSON.stringify(await Promise.all(others.map((name) => database.collection(name).find().toArray()))),
      );
    await asClient(address, async (database) => {
      for (const name of others)
        await database.collection(name).insertOne({ _id: 'x' as never, name, rounds: [1, {}] });
    });
    const before = await snapshot();
    const store = openIn(address);
    await store.configuration.commit(0, edit);
    await store.journal.append([fact]);
    await store.journal.trim({ olderThan: '9', maxBytes: 0 });
    await store.lease.take({ instance: 'a', host: 'h', pid: 1 }, 1_000);
    await store.servers.write(new Map([['notes', null]]));
    await store.close();
    expect(await snapshot()).toBe(before);
    const names = await asClient(address, async (database) =>
      (await database.listCollections().toArray()).map(({ name }) => name),
    );
    expect(names.filter((name) => !name.startsWith('mcpvisor_') && !name.startsWith('system.')).sort()).toEqual(
      [...others].sort(),
    );
  });

  it('works without an index that the database does not have, and says so once', async () => {
    const address = createDatabase(server().url);
    const notices: string[] = [];
    const store = openIn(address, { onNotice: (notice) => notices.push(notice) });
    await store.journal.append([fact]);
    await store.journal.append([{ ...fact, seq: 8 }]);
    const indexed = await asClient(address, async (database) =>
      (await database.collection('mcpvisor_journal').indexes()).flatMap(({ key }) => Object.keys(key as object)),
    );
    expect(indexed).toContain('at');
    expect(notices).toHaveLength(indexed.includes('storedAt') ? 0 : 1);
    for (const notice of notices) expect(notice).toContain('storedAt');
  });

  it('is not written to if a later mcpvisor did so', async () => {
    const address = createDatabase(server().url);
    await asClient(address, (database) =>
      database.collection('mcpvisor_schema').insertOne({ _id: 'schema' as never, version: 99 }),
    );
    const store = openIn(address);
    await expect(store.configuration.commit(0, edit)).rejects.toMatchObject({
      trouble: 'refused',
      message: expect.stringContaining('schema 99'),
    });
    const names = await asClient(address, async (database) => (await database.listCollections().toArray()).length);
    expect(names).toBe(1);
  });

  it.each([
    ['a version whose text is cut', 'mcpvisor_versions', { text: '{"version":1' }],
    ['a version that is another', 'mcpvisor_versions', { text: '{"version":2,"changes":[]}' }],
    ['a snapshot that is none', 'mcpvisor_configuration', { text: '{}' }],
    ['lists that are no JSON', 'mcpvisor_servers', { lists: 'x' }],
    ['a fact that is a number', 'mcpvisor_journal', { text: '1' }],
  ])('says that it is corrupt, and where, of %s', async (_, collection, damage) => {
    const address = createDatabase(server().url);
    const first = openIn(address);
    await first.configuration.commit(0, edit);
    await first.journal.append([fact]);
    await first.servers.write(new Map([['notes', { lists: [1] }]]));
    await first.close();
    await asClient(address, async (database) => {
      const { matchedCount } = await database.collection(collection).updateOne({}, { $set: damage });
      expect(matchedCount).toBe(1);
    });
    const store = openIn(address);
    const all = {
      actors: null,
      types: null,
      since: null,
      until: null,
      after: 0,
      before: null,
      newestFirst: false,
      limit: 10,
    };
    const outcomes = await Promise.allSettled([
      store.configuration.versions({ limit: 10 }),
      store.configuration.read(),
      store.servers.read(),
      store.journal.read(all),
    ]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure).toMatchObject({ name: 'StoreError', trouble: 'corrupt' });
  });
});
