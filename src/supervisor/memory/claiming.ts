/** What comes before the first server: the store is this control plane's own, and what it knows of servers is read. */

import { McpvisorError } from '../../errors.ts';
import type { OwnAlarms } from '../../observe/alarms/own-alarms.ts';
import type { Lease } from '../../store/contract.ts';
import type { StoreHolder } from '../contract.ts';
import { createLeaseKeeper, type Holder, type LeaseOptions } from './lease.ts';
import type { Restoring } from './restoring.ts';
import type { WriteBehind } from './write-behind.ts';

export interface ClaimingOptions extends Pick<LeaseOptions, 'store' | 'timers'> {
  /** Null: nobody else can use the store. */
  readonly leaseAs: Lease | null;
  /** Of the store, without credentials. */
  readonly address: string;
  readonly memory: Pick<WriteBehind, 'allow' | 'noteTrouble' | 'noteSuccess'>;
  readonly alarms: Pick<OwnAlarms, 'raise' | 'clear'>;
  readonly restoring: Pick<Restoring, 'load' | 'catchUp'>;
  readonly isShuttingDown: () => boolean;
  /** Called once if another control plane has taken the store. */
  readonly fail: (error: McpvisorError) => void;
}

export interface Claiming {
  /** Resolves when servers may be started. Does not reject. */
  claim(): Promise<void>;
  /** Resolves when another control plane is seen to use the store. */
  readonly held: Promise<void>;
  readonly holder: () => StoreHolder | null;
  /** The lease is left to the next run on this state directory. */
  leave(): void;
  /** Gives the lease back, unless it is left. Does not throw. */
  close(): Promise<void>;
}

export function createClaiming(options: ClaimingOptions): Claiming {
  const { store, leaseAs, address, timers, memory, alarms, restoring, isShuttingDown, fail } = options;
  let isLeft = false;
  let noteHeld = () => {};
  const held = new Promise<void>((resolve) => {
    noteHeld = resolve;
  });
  const keeper =
    leaseAs === null
      ? null
      : createLeaseKeeper({
          store,
          own: leaseAs,
          timers,
          memory,
          onHeld(holder) {
            if (holder === null) return alarms.clear('store-held', address);
            alarms.raise('store-held', address, {
              reason: `the store ${address} is used by ${nameOf(holder)}; nothing is started before its lease ends`,
              clearedBy: 'the end of that control plane',
            });
            noteHeld();
          },
          // It never rejects.
          onLate: () => void restoring.catchUp(),
          onTaken(holder) {
            memory.allow(false);
            fail(new McpvisorError('STORE_IN_USE', { store: address, by: nameOf(holder) }));
          },
        });
  return {
    async claim() {
      if (keeper !== null) {
        memory.allow(false);
        await keeper.claim();
        if (isShuttingDown()) return;
        memory.allow(true);
      }
      await restoring.load();
    },
    held,
    holder() {
      const other = keeper?.holder ?? null;
      return other === null ? null : { host: other.host, pid: other.pid, expiresAt: other.expiresAt };
    },
    leave() {
      isLeft = true;
    },
    close: async () => await keeper?.close({ isLeft }),
  };
}

function nameOf({ host, pid }: Holder): string {
  return `the control plane on ${host} (pid ${pid})`;
}
