/** Several writers of one configuration: nothing is merged, nothing is lost, and the history tells all of it. */

import { describe, expect, it } from 'vitest';
import type { ConfigurationVersion, Store, StoredEntry } from '../../../src/store/contract.ts';
import type { StoreKind, StorePlace } from '../contract.ts';
import { changeOf, editOf, openFresh, openIn } from './opened.ts';

const writerCount = 10;
const names = Array.from({ length: 12 }, (_, index) => `server-${index}`);

type Servers = ReadonlyMap<string, StoredEntry>;

export function describeConcurrentEdits(kind: StoreKind): void {
  describe('edits by many at once', () => {
    it('lets one of 100 writers with the same version win', async () => {
      const { place, store } = await openFresh(kind);
      const stores = await storesOf(kind, place, store);
      await store.configuration.commit(0, editOf([]));
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, writer) => {
          const own = stores[writer % stores.length] ?? store;
          return own.configuration.commit(1, editOf([changeOf('contested', null, { writer })]));
        }),
      );
      const winners = outcomes.flatMap((outcome) => (outcome === null ? [] : [outcome]));
      expect(winners).toHaveLength(1);
      expect(winners[0]?.version).toBe(2);
      const { version, servers } = await store.configuration.read();
      expect(version).toBe(2);
      expect(servers.get('contested')).toEqual(winners[0]?.changes[0]?.after);
      expect(await store.configuration.versions({ limit: 10 })).toHaveLength(2);
    });

    it('counts as many versions as edits succeeded, and its history replays both ways', async () => {
      const { place, store } = await openFresh(kind);
      const stores = await storesOf(kind, place, store);
      const editsPerWriter = kind.isSlow === true ? 12 : 100;
      const counts = await Promise.all(
        Array.from({ length: writerCount }, (_, writer) =>
          editMany(stores[writer % stores.length] ?? store, { writer, editsPerWriter }),
        ),
      );
      const successes = counts.reduce((sum, count) => sum + count, 0);
      const { version, servers } = await store.configuration.read();
      expect(version).toBe(successes);
      expect(successes).toBeGreaterThanOrEqual(editsPerWriter);

      const history = [...(await wholeHistory(store))].reverse();
      expect(history.map((one) => one.version)).toEqual(Array.from({ length: successes }, (_, index) => index + 1));
      const forwards = history.reduce<Servers>((before, one) => played(before, one, 'forwards'), new Map());
      expect(forwards).toEqual(new Map(servers));
      const backwards = history.reduceRight<Servers>((after, one) => played(after, one, 'backwards'), servers);
      expect(backwards).toEqual(new Map());
    });
  });
}

/** As many as there may be. */
async function storesOf({ isShared }: StoreKind, place: StorePlace, first: Store): Promise<readonly Store[]> {
  return isShared ? [first, await openIn(place), await openIn(place)] : [first];
}

/** Resolves to how many of its edits were taken. */
async function editMany(
  { configuration }: Store,
  { writer, editsPerWriter }: { readonly writer: number; readonly editsPerWriter: number },
): Promise<number> {
  let successes = 0;
  for (let edit = 0; edit < editsPerWriter; edit += 1) {
    const { version, servers } = await configuration.read();
    const name = names[(writer * 7 + edit * 5) % names.length] ?? '';
    const before = servers.get(name) ?? null;
    const after = before !== null && edit % 3 === 0 ? null : { writer, edit };
    const committed = await configuration.commit(version, editOf([changeOf(name, before, after)]));
    if (committed !== null) successes += 1;
  }
  return successes;
}

async function wholeHistory({ configuration }: Store): Promise<readonly ConfigurationVersion[]> {
  const all: ConfigurationVersion[] = [];
  for (;;) {
    const before = all.at(-1)?.version;
    const page = await configuration.versions({ limit: 97, ...(before !== undefined && { before }) });
    if (page.length === 0) return all;
    all.push(...page);
  }
}

/** Fails where a version does not begin with what the one beside it left. */
function played(servers: Servers, { changes }: ConfigurationVersion, direction: 'forwards' | 'backwards'): Servers {
  const result = new Map(servers);
  for (const { server, before, after } of changes) {
    const [from, to] = direction === 'forwards' ? [before, after] : [after, before];
    expect(result.get(server ?? '') ?? null).toEqual(from);
    if (to === null) result.delete(server ?? '');
    else result.set(server ?? '', to);
  }
  return result;
}
