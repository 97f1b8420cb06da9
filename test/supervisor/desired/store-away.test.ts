import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, parseEntries } from '../../../src/config/parse.ts';
import { planOf } from '../../../src/config/plan/plan.ts';
import type { ConfigurationStore } from '../../../src/store/contract.ts';
import { StoreError } from '../../../src/store/error.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { withAdded, withRemoved, withUpdated } from '../../../src/supervisor/desired/sources/edits.ts';
import { placeOf, type Sources, sourcesOf } from '../../../src/supervisor/desired/sources/sources.ts';
import { withText } from '../../../src/supervisor/desired/sources/taken-in.ts';
import { createEdits } from '../../../src/supervisor/desired/versions/edits.ts';
import { errorOf } from '../../support/supervised.ts';

const entry = { command: 'no-such-program', lazy: true };

function configurationOf(names: readonly string[]) {
  const { config } = parseEntries(
    { mcpServers: Object.fromEntries(names.map((name) => [name, entry])) },
    { folder: '/', hostedTransports: [] },
  );
  if (config === null) throw new Error('it is sound');
  return config;
}

/** Edits of a configuration whose file names these servers, over a store that may be away. */
function openScene(names: readonly string[], store = createMemoryStore({ now: () => 0 }).configuration) {
  let sources: Sources = sourcesOf(configurationOf(names), 'mcp.json');
  const state = { isAway: false, plans: 0, told: [] as boolean[] };
  const reached = <Result>(result: Promise<Result>): Promise<Result> =>
    state.isAway ? Promise.reject(new StoreError('unavailable', 'nobody answers')) : result;
  const guarded: ConfigurationStore = {
    read: async () => await reached(store.read()),
    version: async () => await reached(store.version()),
    commit: async (expected, edit) =>
      state.isAway ? await reached(Promise.resolve(null)) : await store.commit(expected, edit),
    versions: async (page) => await reached(store.versions(page)),
  };
  const edits = createEdits({
    store: guarded,
    inForce: {
      get sources() {
        return sources;
      },
      become(next) {
        const plan = planOf(sources.configuration, next.configuration);
        sources = next;
        state.plans += 1;
        return plan;
      },
    },
    file: {
      write: async (_, confirm) => await confirm(),
    },
    now: () => 0,
    isShuttingDown: () => false,
    announce: async () => {},
    onStore: (error) => state.told.push(error === null),
  });
  const handEdit = (servers: Readonly<Record<string, object>>) => {
    const before = sources;
    const taken = withText(before, JSON.stringify({ mcpServers: servers }));
    if (taken.sources === null) return;
    sources = taken.sources;
    edits.noteHandEdit(before, sources);
  };
  return { edits, state, store, handEdit, sources: () => sources };
}

type Scene = ReturnType<typeof openScene>;

const add = ({ edits }: Scene, name: string, to: 'file' | 'store' | 'host' = 'store') =>
  edits.edit({}, { compute: (now) => withAdded(now, name, { entry, to }) });

const placesIn = ({ sources }: Scene) =>
  [...sources().configuration.servers.keys()].map((name) => `${name} ${placeOf(sources(), name)}`).sort();

describe('while the store is away', () => {
  it('an edit is refused and changes nothing; one by hand counts at once, and its version follows', async () => {
    const scene = openScene(['a']);
    await scene.edits.synchronize();
    scene.state.isAway = true;
    for (const to of ['file', 'store', 'host'] as const)
      expect(await errorOf(add(scene, 'b', to))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(placesIn(scene)).toEqual(['a file']);
    scene.handEdit({ a: entry, c: entry });
    await scene.edits.idle();
    expect(placesIn(scene)).toEqual(['a file', 'c file']);
    expect(scene.edits.version()).toBe(1);
    scene.state.isAway = false;
    expect(await add(scene, 'b')).toMatchObject({ version: 2 });
    await scene.edits.synchronize();
    expect(await scene.store.versions({ limit: 1 })).toMatchObject([{ version: 3, by: 'file', summary: 'added c' }]);
    expect(scene.state.told.at(-1)).toBe(true);
  });

  it('servers of the file are there, and those of the store follow', async () => {
    const { store } = createMemoryStoreWith(['s']);
    const scene = openScene(['a'], await store);
    scene.state.isAway = true;
    expect(await scene.edits.open(new Promise(() => undefined))).toBeNull();
    await scene.edits.synchronize();
    expect(placesIn(scene)).toEqual(['a file']);
    scene.state.isAway = false;
    await scene.edits.synchronize();
    expect(placesIn(scene)).toEqual(['a file', 's store']);
  });
});

function createMemoryStoreWith(names: readonly string[]) {
  const { configuration } = createMemoryStore({ now: () => 0 });
  const changes = names.map((server) => ({ source: 'store' as const, server, before: null, after: entry }));
  const store = configuration.commit(0, { at: '', by: 'x', summary: '', changes }).then(() => configuration);
  return { store };
}

describe('another writer of the store', () => {
  it('is noticed; what it wrote with a mistake is refused alone, and what ran goes on', async () => {
    const scene = openScene(['a']);
    await scene.edits.synchronize();
    await add(scene, 's');
    const write = async (changes: Readonly<Record<string, object | null>>) => {
      await scene.store.commit(await scene.store.version(), {
        at: '',
        by: 'x',
        summary: '',
        changes: Object.entries(changes).map(([server, after]) => ({
          source: 'store' as const,
          server,
          before: null,
          after: after as never,
        })),
      });
      await scene.edits.synchronize();
    };
    await write({ t: entry, s: { command: 7 }, u: { ...entry, dependsOn: ['nobody'] }, a: entry });
    expect(placesIn(scene)).toEqual(['a file', 's store', 't store']);
    expect([...scene.sources().stored.refused.keys()]).toEqual(['s', 'u']);
    await write({ s: null, u: entry });
    expect(placesIn(scene)).toEqual(['a file', 't store', 'u store']);
    const edit = scene.edits.edit({ version: 2 }, { compute: (now) => now });
    expect(await errorOf(edit)).toMatchObject({ code: 'VERSION_CONFLICT', details: { expected: 2, current: 4 } });
  });
});

describe('any sequence of edits', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), name, to: fc.constantFrom('file', 'store', 'host') }),
    fc.record({ kind: fc.constant('update' as const), name, ms: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('remove' as const), name }),
    fc.record({ kind: fc.constant('hand' as const), names: fc.subarray(['a', 'b', 'c', 'd']) }),
    fc.record({ kind: fc.constant('away' as const), isAway: fc.boolean() }),
  );

  it('leads to what its versions say: of the store, of the file and of the host', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const scene = openScene(['a']);
        await scene.edits.synchronize();
        for (const one of steps) {
          if (one.kind === 'away') scene.state.isAway = one.isAway;
          else if (one.kind === 'hand') scene.handEdit(Object.fromEntries(one.names.map((own) => [own, entry])));
          else {
            const before = scene.sources();
            const version = scene.edits.version();
            const compute = (now: Sources) => {
              if (one.kind === 'add') return withAdded(now, one.name, { entry, to: one.to });
              if (one.kind === 'remove') return withRemoved(now, [one.name], 'file');
              return withUpdated(now, one.name, { patch: { callTimeoutMs: one.ms }, to: 'file' });
            };
            const outcome = await scene.edits.edit({}, { compute }).catch(() => null);
            // What was refused changed nothing.
            if (outcome === null && scene.edits.version() === version) expect(scene.sources()).toBe(before);
          }
        }
        scene.state.isAway = false;
        await scene.edits.synchronize();
        const { servers, told } = await scene.store.read();
        const { stored, file } = scene.sources();
        expect(Object.fromEntries(servers)).toEqual(Object.fromEntries(stored.entries));
        expect(Object.fromEntries(told.file.servers)).toEqual(Object.fromEntries(file.entries));
        const inForce = entriesOf(scene.sources().configuration);
        for (const [own, written] of inForce) {
          const place = placeOf(scene.sources(), own);
          const said = place === 'store' ? servers : told[place ?? 'host'].servers;
          expect(said.get(own)).toEqual(written);
        }
      }),
      { numRuns: 150 },
    );
  });
});
