/** Carries out many steps, a few in each turn of the event loop. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Steps } from '../../../machines/supervisor/events.ts';

/**
 * Creating the actors of all servers in one turn would delay the start of the first server and block everything else.
 */
const addedPerTurn = 4;

export interface PacingOptions {
  readonly carryOut: (steps: Steps) => void;
  readonly isShuttingDown: () => boolean;
}

/** All but the servers after the first few is carried out at once. Resolves to whether everything was carried out. */
export async function carryOutPaced(steps: Steps, { carryOut, isShuttingDown }: PacingOptions): Promise<boolean> {
  carryOut({ ...steps, add: steps.add.slice(0, addedPerTurn) });
  for (let from = addedPerTurn; from < steps.add.length; from += addedPerTurn) {
    await nextTurn();
    if (isShuttingDown()) return false;
    carryOut({ add: steps.add.slice(from, from + addedPerTurn), configure: [], remove: [] });
  }
  return true;
}
