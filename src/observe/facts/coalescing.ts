/** Facts that a server can cause as fast as it can write: after the first ones of a second, the rest are told as one. */

import { backgroundTimers, type TimerClock } from '../../clock.ts';
import type { FactBody, FactType } from './fact.ts';

/** Told one by one, for each actor and type. */
const toldEachSecond = 10;
const windowMs = 1_000;

const coalesced = [
  'session.notified',
  'session.asked',
  'catalog.changed',
  'event.ignored',
] as const satisfies FactType[];

type Coalesced = Extract<FactBody, { readonly type: (typeof coalesced)[number] }>;

interface Window {
  told: number;
  /** The last one that was not told, and how many there were. */
  held: Coalesced | null;
  count: number;
}

export interface Coalescing {
  /** Publishes the fact now, or counts it in one that is published within a second. */
  take(body: FactBody): void;
  /** Publishes what is held. */
  flush(): void;
}

export function createCoalescing(publish: (body: FactBody) => void, timers: TimerClock = backgroundTimers): Coalescing {
  const windows = new Map<string, Window>();
  let timer: unknown = null;

  function flush(): void {
    if (timer !== null) timers.clearTimeout(timer);
    timer = null;
    const over = [...windows.values()];
    windows.clear();
    for (const { held, count } of over) if (held !== null) publish(count === 1 ? held : { ...held, count });
  }

  return {
    flush,
    take(body) {
      if (!isCoalesced(body)) {
        publish(body);
        return;
      }
      timer ??= timers.setTimeout(flush, windowMs);
      const key = `${body.type} ${body.actor}`;
      const window = windows.get(key) ?? { told: 0, held: null, count: 0 };
      windows.set(key, window);
      if (window.told < toldEachSecond) {
        window.told += 1;
        publish(body);
        return;
      }
      window.held = body;
      window.count += 1;
    },
  };
}

function isCoalesced(body: FactBody): body is Coalesced {
  return (coalesced as readonly FactType[]).includes(body.type);
}
