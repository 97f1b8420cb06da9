/** Start slots: which servers may start now. First come, first served. */

export interface Slots {
  readonly slots: number;
  readonly holders: readonly string[];
  readonly queue: readonly string[];
}

/** Puts a server at the end of the queue. A server that is in it twice returns the second slot. */
export function wantSlot({ slots, holders, queue }: Slots, server: string): Slots {
  return { slots, holders, queue: [...queue, server] };
}

/** Removes a server from the list it is in. Does nothing if it is in none. */
export function returnSlot({ slots, holders, queue }: Slots, server: string): Slots {
  return holders.includes(server)
    ? { slots, holders: without(holders, server), queue }
    : { slots, holders, queue: without(queue, server) };
}

/** The state of a server that waits: `gone`: it has no actor; `held`: a dependency went down since it asked. */
export type Applicant = 'ready' | 'held' | 'gone';

/**
 * Grants free slots to the servers that have waited longest. A server that is gone loses its slot and its place; one
 * that is held back keeps its place.
 */
export function grantSlots(
  { slots, holders, queue }: Slots,
  look: (server: string) => Applicant,
): { readonly granted: readonly string[]; readonly after: Slots } {
  const holding = holders.filter((server) => look(server) !== 'gone');
  const granted: string[] = [];
  const passedOver: string[] = [];
  let seen = 0;
  for (; seen < queue.length && holding.length + granted.length < slots; seen += 1) {
    const next = queue[seen];
    if (next === undefined || granted.includes(next)) continue;
    const applicant = look(next);
    if (applicant === 'ready') granted.push(next);
    else if (applicant === 'held') passedOver.push(next);
  }
  return { granted, after: { slots, holders: [...holding, ...granted], queue: [...passedOver, ...queue.slice(seen)] } };
}

/** Most servers leave the queue at its head, where `indexOf` finds them at once, however long it is. */
function without(servers: readonly string[], server: string): readonly string[] {
  const index = servers.indexOf(server);
  return index < 0 ? servers : [...servers.slice(0, index), ...servers.slice(index + 1)];
}
