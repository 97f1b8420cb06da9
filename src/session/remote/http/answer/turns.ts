/** Works through a text in turn with everything else: what a server sends must not keep the loop from all others. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Outlet } from '../../../outlet.ts';

/** Of one stream, after which everybody else has a turn, in milliseconds. */
const mostMsInTurn = 4;

/** After so much of a text the time is looked at, in characters: some hundred of the shortest events. */
const partLength = 1_024;

/** Returns a function that hands a text to `read` in parts that end with a line, which it does not cut. */
export function createTurns(read: (part: string) => void, outlet: Outlet): (text: string) => Promise<void> {
  let workedMs = 0;
  return async (text) => {
    for (let from = 0; from < text.length; ) {
      if (outlet.isFull) await outlet.whenFree();
      const to = endOfPart(text, from);
      const beganAt = performance.now();
      read(text.slice(from, to));
      workedMs += performance.now() - beganAt;
      from = to;
      if (workedMs < mostMsInTurn) continue;
      workedMs = 0;
      await nextTurn();
    }
  };
}

/** Each letter is looked at once: nobody pays for a line that is longer than a part. */
function endOfPart(text: string, from: number): number {
  if (text.length - from <= partLength) return text.length;
  const end = text.indexOf('\n', from + partLength);
  return end === -1 ? text.length : end + 1;
}
