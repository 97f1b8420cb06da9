/** What an earlier life left behind is ended at the start; who ends this life meanwhile lets that be finished. */

import { setTimeout as delay } from 'node:timers/promises';
import type { PublishFact } from '../../observe/facts/fact.ts';
import type { Sessions } from '../../session/sessions.ts';

export interface Reaping {
  /** Resolves when it is done. */
  reap(): Promise<void>;
  /** Resolves when nothing is being ended, or after `withinMs`: what is left then stays on record. Does not reject. */
  settled(withinMs: number): Promise<void>;
}

export function createReaping(sessions: Pick<Sessions, 'reap'>, publish: PublishFact): Reaping {
  let reaping: Promise<unknown> = Promise.resolve();
  return {
    async reap() {
      reaping = sessions.reap(({ server, pid, command }) =>
        publish({ type: 'process.reaped', actor: `server:${server}`, pid, command }),
      );
      await reaping;
    },
    async settled(withinMs) {
      const enough = new AbortController();
      const tooLong = delay(withinMs, undefined, { signal: enough.signal });
      // Whoever asked for it was told if it failed; the delay is cancelled.
      await Promise.race([reaping, tooLong]).catch(() => undefined);
      enough.abort();
      await tooLong.catch(() => undefined);
    },
  };
}
