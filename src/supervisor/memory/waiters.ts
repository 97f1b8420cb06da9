/** Those who wait until something is kept, each for a time of its own. */

import type { TimerClock } from '../../clock.ts';

export interface Waiters {
  /** `ticket`: until all up to this one is kept; null: until the store is open. Resolves to whether it came to that. */
  wait(until: { readonly ticket: number | null }, withinMs: number): Promise<boolean>;
  answer(now: { readonly keptTicket: number; readonly isOpen: boolean }): void;
  /** Answers all with false. */
  giveUp(): void;
  /** A time that can be forgotten. */
  until(ms: number): { readonly over: Promise<void>; readonly forget: () => void };
}

interface Waiter {
  readonly ticket: number | null;
  readonly settle: (isKept: boolean) => void;
}

export function createWaiters(timers: TimerClock): Waiters {
  const waiting = new Set<Waiter>();

  function until(ms: number): { readonly over: Promise<void>; readonly forget: () => void } {
    let timer: unknown;
    const over = new Promise<void>((resolve) => {
      timer = timers.setTimeout(() => resolve(), ms);
    });
    return { over, forget: () => timers.clearTimeout(timer) };
  }

  return {
    async wait({ ticket }, withinMs) {
      const limit = until(withinMs);
      let own: Waiter | undefined;
      const kept = new Promise<boolean>((settle) => {
        own = { ticket, settle };
        waiting.add(own);
      });
      const isKept = await Promise.race([kept, limit.over.then(() => false)]);
      limit.forget();
      if (own !== undefined) waiting.delete(own);
      return isKept;
    },
    answer({ keptTicket, isOpen }) {
      for (const { ticket, settle } of waiting) if (ticket === null ? isOpen : ticket <= keptTicket) settle(true);
    },
    giveUp() {
      for (const { settle } of waiting) settle(false);
    },
    until,
  };
}
