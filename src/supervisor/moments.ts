/** Time and chance, as the charts get them with every event. */

export interface Moment {
  readonly at: number;
  readonly random: number;
}

export interface Moments {
  next(): Moment;
}

export function createMoments(now: () => number, random: () => number): Moments {
  return { next: () => ({ at: now(), random: random() }) };
}
