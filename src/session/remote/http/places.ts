/** How many requests of each kind may be under way to one remote server, so that none keeps the others from theirs. */

/**
 * What a request is for. `urgent` ones are small and few, and are given up in time; nobody waits for the answer to a
 * `notice`.
 */
export type Urgency = 'call' | 'urgent' | 'notice';

export interface Places {
  hasRoom(urgency: Urgency): boolean;
  /** How many places there are for such requests. */
  mostFor(urgency: Urgency): number;
  take(urgency: Urgency): void;
  give(urgency: Urgency): void;
}

/**
 * Beside calls, for probes, lists and the event stream, however many calls there are. Those may also have the places of
 * calls that are free, and then hold up no call.
 */
const mostUrgent = 8;
/** Beside both: some servers never answer a notification, and each then holds its place until it is given up. */
const mostNotices = 8;

/** `mostCalls`: at a time. */
export function createPlaces(mostCalls: number): Places {
  const taken: Record<Urgency, number> = { call: 0, urgent: 0, notice: 0 };
  const most: Readonly<Record<Urgency, number>> = {
    call: mostCalls,
    urgent: mostCalls + mostUrgent,
    notice: mostNotices,
  };
  return {
    hasRoom: (urgency) => taken[urgency] + (urgency === 'urgent' ? taken.call : 0) < most[urgency],
    mostFor: (urgency) => most[urgency],
    take(urgency) {
      taken[urgency] += 1;
    },
    give(urgency) {
      taken[urgency] -= 1;
    },
  };
}
