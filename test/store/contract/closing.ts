/** The end of a store. */

import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/store/error.ts';
import type { StoreKind } from '../contract.ts';
import { changeOf, editOf, openFresh, openIn } from './opened.ts';

export function describeClosing(kind: StoreKind): void {
  describe('its end', () => {
    it('may come twice, also at once', async () => {
      const { store } = await openFresh(kind);
      await Promise.all([store.close(), store.close()]);
      await expect(store.close()).resolves.toBeUndefined();
    });

    it('comes after what was asked for before', async () => {
      const { place, store } = await openFresh(kind);
      const asked = Promise.all([
        store.configuration.commit(0, editOf([changeOf('a', null, {})])),
        store.servers.write(new Map([['a', { wanted: 'up' as const }]])),
      ]);
      await store.close();
      expect((await asked)[0]?.version).toBe(1);
      if (!kind.isDurable) return;
      const again = await openIn(place);
      expect(await again.configuration.version()).toBe(1);
      expect((await again.servers.read()).size).toBe(1);
    });

    it.runIf(kind.isDurable)('leaves a store that refuses with an error of its own', async () => {
      const { store } = await openFresh(kind);
      await store.close();
      for (const asked of [
        () => store.configuration.read(),
        () => store.configuration.version(),
        () => store.configuration.commit(0, editOf([])),
        () => store.configuration.versions({ limit: 1 }),
        () => store.servers.read(),
        () => store.servers.write(new Map([['a', {}]])),
        () => store.journal.append([{ seq: 1, at: '', type: '', actor: '' }]),
        () => store.journal.extent(),
        () => store.journal.trim({ olderThan: '', maxBytes: 0 }),
        () => store.lease.take({ instance: 'a', host: '', pid: 1 }, 1),
        () => store.lease.release('a'),
      ])
        await expect(asked()).rejects.toBeInstanceOf(StoreError);
    });
  });
}
