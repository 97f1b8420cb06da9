/** Looks at everything again and again while a run goes on. */

import { isRunning } from '../../support/processes.ts';
import { groupsSideBySide } from '../judge/groups.ts';
import type { Shown } from '../judge/rest.ts';
import type { ControlPlane } from './control-plane.ts';
import { isAlive, livingOf } from './living.ts';

export interface Watch {
  /** Resolves when the last look has been taken. */
  end(): Promise<void>;
}

export interface WatchParts {
  readonly mark: string;
  readonly controlPlane: () => ControlPlane | null;
  /** Ten times as long as a dead process may be shown as connected, since the machine may be busy. */
  readonly noticeMs: number;
  readonly violate: (what: string) => void;
}

const pauseMs = 30;

export function startWatch({ mark, controlPlane, noticeMs, violate }: WatchParts): Watch {
  const deadSince = new Map<number, number>();
  let isOver = false;

  const lookAtGroups = (): void => {
    for (const group of groupsSideBySide(livingOf(mark))) {
      // Processes are read one after another: only those count that all live after all were seen.
      const alive = group.filter(isAlive);
      if (new Set(alive.map(({ life }) => life)).size > 1)
        violate(`several groups of one server: ${JSON.stringify(alive)}`);
    }
  };
  const lookAtStates = async (plane: ControlPlane): Promise<void> => {
    const askedAtMs = performance.now();
    for (const { name, pid } of await connectedIn(plane)) {
      if (pid === null || isRunning(pid)) continue;
      const since = deadSince.get(pid) ?? performance.now();
      deadSince.set(pid, since);
      if (askedAtMs - since > noticeMs)
        violate(`"${name}" is shown as connected ${Math.round(askedAtMs - since)} ms after process ${pid} had died`);
    }
  };
  const looking = (async () => {
    while (!isOver) {
      lookAtGroups();
      const plane = controlPlane();
      if (plane !== null) await lookAtStates(plane);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  return {
    async end() {
      isOver = true;
      await looking;
    },
  };
}

async function connectedIn({ client }: ControlPlane): Promise<readonly Shown[]> {
  try {
    const { json } = await client.get('/api/servers', { signal: AbortSignal.timeout(30_000) });
    const servers = (json.servers ?? []) as readonly Shown[];
    return servers.filter(({ state }) => state === 'connected');
  } catch {
    // It was killed. That it does not answer for another reason is noticed where it is waited for.
    return [];
  }
}
