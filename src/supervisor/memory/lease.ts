/**
 * One control plane for each store. The one that starts waits for the lease of another to end; the one that has it renews it. A
 * store that is away takes no lease from anybody who runs; when it is back, and another has it, this one has to go.
 */

import type { TimerClock } from '../../clock.ts';
import type { Lease, LeaseStore } from '../../store/contract.ts';
import type { WriteBehind } from './write-behind.ts';

/** Who else uses the store, and until when unless it goes on: UTC, ISO 8601. */
export type Holder = Lease & { readonly expiresAt: string };

export interface LeaseOptions {
  readonly store: LeaseStore;
  /** Who we are. */
  readonly own: Lease;
  readonly timers: TimerClock;
  readonly memory: Pick<WriteBehind, 'noteTrouble' | 'noteSuccess'>;
  /** Another has the store: called each time it is seen while we wait, and with null when we wait no longer. */
  readonly onHeld: (holder: Holder | null) => void;
  /** We have run without the store, and it is ours now. */
  readonly onLate: () => void;
  /** Another took the store while we ran: nothing of ours may run on. Called once. */
  readonly onTaken: (holder: Holder) => void;
}

export interface LeaseKeeper {
  /** Null: nobody is waited for. */
  readonly holder: Holder | null;
  /** Resolves when the store is ours, or is away and so nobody's, or after `close`. Never rejects. */
  claim(): Promise<void>;
  /** Ends waiting and renewing, and gives the lease back, unless the next run on this state directory is to have it. */
  close(ending?: { readonly isLeft?: boolean }): Promise<void>;
}

/** How long a lease lasts, in milliseconds. */
const leaseMs = 15_000;
/** After so many milliseconds it is renewed, or asked for again while the store is away. */
const renewMs = 5_000;
/** Who waits looks that often, in milliseconds. */
const lookMs = 1_000;
/** How long a start, and an end, wait for an answer of the store, in milliseconds. */
const patienceMs = 5_000;

export function createLeaseKeeper(options: LeaseOptions): LeaseKeeper {
  const { store, own, timers, memory, onHeld, onLate, onTaken } = options;
  let holder: Holder | null = null;
  let isOurs = false;
  let isClosed = false;
  let timer: unknown = null;
  let started = () => {};

  function next(what: () => Promise<void>, delayMs: number): void {
    // Neither `look` nor `renew` rejects.
    if (!isClosed) timer = timers.setTimeout(() => void what(), delayMs);
  }

  function begin(): void {
    if (holder !== null) onHeld(null);
    holder = null;
    started();
    next(renew, renewMs);
  }

  /** Undefined: the store does not say. */
  async function ask(): Promise<Holder | null | undefined> {
    try {
      const other = await store.take(own, leaseMs);
      memory.noteSuccess();
      return other;
    } catch (error) {
      memory.noteTrouble(error);
      return undefined;
    }
  }

  /** Before anything runs. */
  async function look(): Promise<void> {
    const other = await within(ask(), { timers, ms: patienceMs });
    if (isClosed) return;
    if (other === null) {
      isOurs = true;
      begin();
    } else if (other !== undefined) {
      holder = other;
      onHeld(other);
      next(look, lookMs);
    } else if (holder !== null) next(look, lookMs);
    else begin();
  }

  /** While servers run. */
  async function renew(): Promise<void> {
    const other = await ask();
    if (isClosed) return;
    if (other === null) {
      if (!isOurs) onLate();
      isOurs = true;
    }
    if (other === null || other === undefined) return next(renew, renewMs);
    isOurs = false;
    onTaken(other);
  }

  return {
    get holder() {
      return holder;
    },
    async claim() {
      const over = new Promise<void>((resolve) => {
        started = resolve;
      });
      if (isClosed) return;
      void look();
      await over;
    },
    async close({ isLeft = false } = {}) {
      if (isClosed) return;
      isClosed = true;
      timers.clearTimeout(timer);
      started();
      // A lease that cannot be given back ends by itself.
      if (isOurs && !isLeft)
        await within(
          store.release(own.instance).catch(() => undefined),
          { timers, ms: patienceMs },
        );
    },
  };
}

interface Limit {
  readonly timers: TimerClock;
  readonly ms: number;
}

/** Undefined: it took too long. */
async function within<Value>(work: Promise<Value>, { timers, ms }: Limit): Promise<Value | undefined> {
  let timer: unknown;
  const late = new Promise<undefined>((resolve) => {
    timer = timers.setTimeout(() => resolve(undefined), ms);
  });
  return await Promise.race([work, late]).finally(() => timers.clearTimeout(timer));
}
