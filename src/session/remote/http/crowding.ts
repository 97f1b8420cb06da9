/** Notices when requests wait long for a connection, and when that is over. */

import type { Crowding } from '../../contract.ts';

export type TellCrowding = (crowding: Crowding | null) => void;

export interface CrowdingWatch {
  /** A request has begun to wait. */
  began(): void;
  close(): void;
}

/** A wait for a connection is told from this time on, in milliseconds: answered streams hold one for 250 ms at most. */
const longMs = 1_000;
/** It is over when no request has waited long for this time, in milliseconds. */
const quietMs = 5_000;
const lookEveryMs = 250;

/** `longest`: how long the first request has waited, in milliseconds, and what for; null: none waits. */
export function createCrowdingWatch(
  longest: () => { readonly waitedMs: number; readonly crowding: Crowding } | null,
  tell: TellCrowding,
): CrowdingWatch {
  let timer: NodeJS.Timeout | null = null;
  let lastLongMs = 0;
  let told: Crowding | null = null;

  function tellNew(crowding: Crowding | null): void {
    if (crowding?.bound === told?.bound && crowding?.most === told?.most) return;
    told = crowding;
    tell(crowding);
  }

  function look(): void {
    const first = longest();
    if (first !== null && first.waitedMs >= longMs) {
      lastLongMs = performance.now();
      tellNew(first.crowding);
    } else if (performance.now() - lastLongMs >= quietMs) {
      tellNew(null);
      if (first === null) close();
    }
  }

  function close(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    began() {
      timer ??= setInterval(look, lookEveryMs).unref();
    },
    close,
  };
}
