/** Who may use the store. */

import { describe, expect, it } from 'vitest';
import type { Lease, Store } from '../../../src/store/contract.ts';
import type { StoreKind } from '../contract.ts';
import { openFresh, openIn } from './opened.ts';

const longMs = 60_000;

function leaseOf(instance: string, pid = 1): Lease {
  return { instance, host: 'höst', pid };
}

/** Resolves when the store lets `lease` have it. */
async function taken({ lease: leases }: Store, lease: Lease): Promise<void> {
  while ((await leases.take(lease, longMs)) !== null);
}

export function describeLease(kind: StoreKind): void {
  describe('its lease', () => {
    it('is taken by one, who is named to others', async () => {
      const { store } = await openFresh(kind);
      expect(await store.lease.take(leaseOf('a', 4711), longMs)).toBeNull();
      const holder = await store.lease.take(leaseOf('b'), longMs);
      expect(holder).toEqual({ ...leaseOf('a', 4711), expiresAt: expect.any(String) });
      const leftMs = Date.parse(holder?.expiresAt ?? '') - Date.now();
      expect(leftMs).toBeGreaterThan(longMs / 2);
      expect(leftMs).toBeLessThan(longMs * 1.5);
      expect(new Date(holder?.expiresAt ?? '').toISOString()).toBe(holder?.expiresAt);
    });

    it('is renewed by who has it, and taken over at once by another run of the same instance', async () => {
      const { store } = await openFresh(kind);
      await store.lease.take(leaseOf('a', 1), 1);
      await taken(store, leaseOf('a', 1));
      expect(await store.lease.take(leaseOf('b'), longMs)).not.toBeNull();
      expect(await store.lease.take(leaseOf('a', 2), longMs)).toBeNull();
      expect(await store.lease.take(leaseOf('b'), longMs)).toMatchObject({ instance: 'a', pid: 2 });
    });

    it('falls to another when it was not renewed', async () => {
      const { store } = await openFresh(kind);
      expect(await store.lease.take(leaseOf('a'), 50)).toBeNull();
      await taken(store, leaseOf('b'));
      expect(await store.lease.take(leaseOf('a'), longMs)).toMatchObject({ instance: 'b' });
    });

    it('is given back by who has it, and by nobody else', async () => {
      const { store } = await openFresh(kind);
      await store.lease.release('a');
      await store.lease.take(leaseOf('a'), longMs);
      await store.lease.release('b');
      expect(await store.lease.take(leaseOf('b'), longMs)).toMatchObject({ instance: 'a' });
      await store.lease.release('a');
      expect(await store.lease.take(leaseOf('b'), longMs)).toBeNull();
    });

    it('goes to one of many who ask at once', async () => {
      const { place, store } = await openFresh(kind);
      const other = kind.isShared ? await openIn(place) : store;
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? store : other).lease.take(leaseOf(`i${index}`), longMs),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
    });

    it.runIf(kind.isDurable)('outlives the process that took it', async () => {
      const { place, store } = await openFresh(kind);
      await store.lease.take(leaseOf('a', 7), longMs);
      await store.close();
      const again = await openIn(place);
      expect(await again.lease.take(leaseOf('b'), longMs)).toMatchObject(leaseOf('a', 7));
    });
  });
}
