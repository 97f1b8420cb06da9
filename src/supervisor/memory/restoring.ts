/** Brings back what the store knows of servers, once it can be read: before they start, or later if it was away. */

import type { Wanted } from '../../../machines/server/events.ts';
import type { TimerClock } from '../../clock.ts';
import type { KeptServer, ServerStore } from '../../store/contract.ts';
import type { CommandType } from '../contract.ts';
import type { Earlier } from './earlier.ts';
import type { ServerWatch } from './server-watch.ts';
import type { WriteBehind } from './write-behind.ts';

export interface RestoringOptions {
  readonly store: Pick<ServerStore, 'read'>;
  readonly earlier: Earlier;
  readonly watch: ServerWatch;
  readonly memory: Pick<WriteBehind, 'keepServer' | 'noteTrouble' | 'noteSuccess'>;
  readonly timers: TimerClock;
  /** Servers that the configuration names, also those whose entry is refused. */
  readonly isConfigured: (server: string) => boolean;
  /** What is wanted of a server that runs already; null: it has no actor. */
  readonly wishOf: (server: string) => Wanted | null;
  readonly post: (server: string, event: { readonly type: CommandType; readonly by: string }) => unknown;
}

export interface Restoring {
  /** Resolves when everything is known, or after some seconds. Never rejects. */
  load(): Promise<void>;
  /**
   * The store is back. What was not known when the servers started is carried out now: a server that a person stopped in
   * an earlier run stops, unless somebody wanted something else of it since. Never rejects.
   */
  catchUp(): Promise<void>;
  /** Forgets servers of earlier runs that were not there in this one. */
  prune(): void;
}

/** How long a start waits for the store, in milliseconds. */
const patienceMs = 5_000;

export function createRestoring(options: RestoringOptions): Restoring {
  const { store, earlier, watch, memory, timers, isConfigured, wishOf, post } = options;
  let isLoaded = false;

  function take(kept: ReadonlyMap<string, KeptServer>): void {
    isLoaded = true;
    earlier.load(kept);
    watch.load(kept);
  }

  return {
    async load() {
      const kept = await answerOf(store, { memory, timers });
      if (kept !== null) take(kept);
    },
    async catchUp() {
      if (isLoaded) return;
      const kept = await answerOf(store, { memory, timers });
      if (kept === null || isLoaded) return;
      const known = new Map([...kept].filter(([server]) => !watch.hasNewWish(server)));
      take(known);
      for (const server of known.keys()) {
        const [earlierWish, wish] = [earlier.wishOf(server), wishOf(server)];
        if (earlierWish !== null && wish !== null && earlierWish !== wish)
          post(server, { type: earlierWish === 'up' ? 'server.start' : 'server.stop', by: 'store' });
      }
    },
    prune() {
      if (!isLoaded) return;
      for (const server of earlier.servers) if (!isConfigured(server)) memory.keepServer(server, null);
    },
  };
}

type Answering = Pick<RestoringOptions, 'memory' | 'timers'>;

/** Null: the store does not say, or not in time. */
async function answerOf(
  store: RestoringOptions['store'],
  { memory, timers }: Answering,
): Promise<ReadonlyMap<string, KeptServer> | null> {
  let timer: unknown;
  const late = new Promise<null>((resolve) => {
    timer = timers.setTimeout(() => resolve(null), patienceMs);
  });
  try {
    const kept = await Promise.race([store.read(), late]);
    if (kept === null) memory.noteTrouble(new Error(`no answer for ${patienceMs / 1_000} s`));
    else memory.noteSuccess();
    return kept;
  } catch (error) {
    memory.noteTrouble(error);
    return null;
  } finally {
    timers.clearTimeout(timer);
  }
}
