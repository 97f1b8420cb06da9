/** Ends at the start what an earlier run left behind. A shutdown in the meantime waits for it. */

import { setTimeout as delay } from 'node:timers/promises';
import type { PublishFact } from '../../observe/facts/fact.ts';
import type { Sessions } from '../../session/sessions.ts';
import type { StopSettings } from '../../specification.ts';

export interface Reaping {
  /** Resolves when everything has been ended. */
  reap(): Promise<void>;
  /** Resolves when `reap` is done, or after `withinMs`; what is left then stays on record. Does not reject. */
  settled(withinMs: number): Promise<void>;
}

export interface ReapingParts {
  readonly sessions: Pick<Sessions, 'reap'>;
  readonly publish: PublishFact;
  /** How a server is ended, also one that is no longer in the configuration. */
  readonly stopOf: (server: string) => StopSettings;
}

export function createReaping({ sessions, publish, stopOf }: ReapingParts): Reaping {
  let reaping: Promise<unknown> = Promise.resolve();
  return {
    async reap() {
      reaping = sessions.reap(
        ({ server, pid, command }) => publish({ type: 'process.reaped', actor: `server:${server}`, pid, command }),
        stopOf,
      );
      await reaping;
    },
    async settled(withinMs) {
      const enough = new AbortController();
      const tooLong = delay(withinMs, undefined, { signal: enough.signal });
      // A failure was reported to the caller of `reap`. The delay rejects when it is cancelled.
      await Promise.race([reaping, tooLong]).catch(() => undefined);
      enough.abort();
      await tooLong.catch(() => undefined);
    },
  };
}
