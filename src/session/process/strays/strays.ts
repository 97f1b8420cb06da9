/**
 * What a server leaves behind: processes that bear its mark when its group is gone, and the container it ran. They are
 * told, and ended as the server itself would have been.
 */

import type { StopSettings } from '../../../specification.ts';
import { wordsOf } from '../../../text/error-words.ts';
import type { Guard } from '../guard/guard.ts';
import { signalProcess } from '../identity.ts';
import { type Bearer, findBearers, findBearersNow } from './bearers.ts';
import { createContainers, type SpawnLine } from './containers.ts';
import { createHunt, type HuntParts, type Quarry, type TellStray } from './hunt.ts';
import { keyOf, type Mark, markName, markOf } from './mark.ts';

export interface Strays {
  /** To be called before a process is spawned: from then on the guard ends whatever bears the mark. */
  expect(server: ExpectedServer): MarkedServer;
  /**
   * Ends what bears the mark of earlier runs, and their containers. Resolves with those runs of which something is left:
   * it survived, or was only to be told. Rejects if this process is too short of descriptors or memory to look.
   */
  reap(earlier: readonly string[], stopOf: (server: string) => StopSettings): Promise<readonly string[]>;
  /**
   * Sends SIGKILL to everything that bears a mark of this run, except what is only to be told; synchronously. What cannot
   * be looked for, for want of descriptors or memory, is left to the guard. Does not throw.
   */
  killNow(): void;
  /** Resolves when everything that was left has been ended, or has survived SIGKILL. Does not reject. */
  close(): Promise<void>;
}

export interface ExpectedServer {
  readonly server: string;
  readonly generation: number;
  readonly stop: StopSettings;
  readonly line: SpawnLine;
  /** Values in the command lines of its processes that must not be shown. */
  readonly secrets: readonly string[];
}

export interface MarkedServer {
  /** What the guard knows it by. */
  readonly key: string;
  /** The variable to add to the server's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The arguments to spawn it with: a container is given a file for its id. */
  readonly args: readonly string[];
  /** The guard knows the group, and needs the mark only for what is left behind. */
  grouped(): void;
  /** The group is gone, or was never there: whatever bears the mark now was left behind. */
  gone(): void;
}

export interface StraysOptions {
  /** Of this run; in every mark. */
  readonly instance: string;
  readonly guard: Pick<Guard, 'expect' | 'forget'>;
  readonly tell: TellStray;
  readonly onError: (message: string) => void;
  /** Where the files with the ids of containers are. Default null: in a temporary folder. */
  readonly stateDir?: string | null;
  /** The time between two looks at what is watched until it is gone, in milliseconds. Default: see `watch.ts`. */
  readonly watchEveryMs?: number;
}

export function createStrays(options: StraysOptions): Strays {
  const { instance, guard, tell, onError, stateDir = null, watchEveryMs } = options;
  const closing = new AbortController();
  const hunting: HuntParts = { tell, onError, signal: closing.signal, watchEveryMs };
  const hunt = createHunt(hunting);
  const containers = createContainers({ stateDir, instance, hunting });
  const hunts = new Set<Promise<unknown>>();
  /** The marks of servers that run, or whose strays are being ended. */
  const ending = new Map<string, Mark>();

  const begin = (quarry: Quarry, ending: Promise<boolean> = hunt(quarry)): Promise<boolean> => {
    const running = ending
      .catch((error: unknown) => {
        onError(`What server "${quarry.mark.server}" left behind could not be ended: ${String(error)}`);
        return false;
      })
      .finally(() => hunts.delete(running));
    hunts.add(running);
    return running;
  };

  return {
    expect({ server, generation, stop, secrets, line }) {
      const mark: Mark = { instance, server, generation };
      const [text, key] = [markOf(mark), keyOf(mark)];
      const release = (): void => {
        ending.delete(text);
        guard.forget(key);
      };
      ending.set(text, mark);
      const container = containers.expect(mark, line);
      guard.expect({ key, stop, container: container.guarded });
      return {
        key,
        environment: { [markName]: text },
        args: container.args,
        grouped() {
          if (stop.strays === 'tell') release();
        },
        gone() {
          const quarry: Quarry = { mark, stop, secrets };
          // They do not reject. What survives even SIGKILL stays on the guard's list.
          const endings = [begin(quarry), begin(quarry, container.end(quarry))];
          void Promise.all(endings).then((areClean) => areClean.every(Boolean) && release());
        },
      };
    },
    async reap(earlier, stopOf) {
      const instances = new Set(earlier);
      await containers.reap(stopOf);
      if (instances.size === 0) return [];
      const bearers = await findBearers((mark) => instances.has(mark.instance));
      const marks = new Map(bearers.map(({ mark }) => [markOf(mark), mark]));
      const left = await Promise.all(
        [...marks.values()].map(async (mark) => {
          const isClean = await begin({ mark, stop: stopOf(mark.server), secrets: null });
          return isClean ? [] : [mark.instance];
        }),
      );
      return [...new Set(left.flat())];
    },
    killNow() {
      if (ending.size === 0) return;
      try {
        const bearers: readonly Bearer[] = findBearersNow((mark) => ending.has(markOf(mark)));
        for (const bearer of bearers) signalProcess(bearer, 'SIGKILL');
      } catch (error) {
        onError(`What servers left behind cannot be looked for: ${wordsOf(error)}`);
      }
    },
    async close() {
      closing.abort();
      await Promise.all(hunts);
      containers.close();
    },
  };
}
