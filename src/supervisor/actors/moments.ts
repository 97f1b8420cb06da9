/** Time and randomness, which the charts get with every event. */

import type { Moment } from '../../../machines/server/events.ts';

export interface Moments {
  next(): Moment;
}

export function createMoments(now: () => number, random: () => number): Moments {
  return { next: () => ({ at: now(), random: random() }) };
}
