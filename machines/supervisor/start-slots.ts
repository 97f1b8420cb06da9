/** Who may start now: first come, first served, so that the first servers are up while the last still wait. */

export interface Slots {
  readonly slots: number;
  readonly holders: readonly string[];
  readonly queue: readonly string[];
}

/** Puts a server at the end of the queue. A server that is in it twice returns the second slot. */
export function wantSlot({ slots, holders, queue }: Slots, server: string): Slots {
  return { slots, holders, queue: [...queue, server] };
}

/** Takes a server out of the list it is in; giving back what one does not hold changes nothing. */
export function returnSlot({ slots, holders, queue }: Slots, server: string): Slots {
  return holders.includes(server)
    ? { slots, holders: without(holders, server), queue }
    : { slots, holders, queue: without(queue, server) };
}

/** What is known of a server that waits: `gone` with its group, `held` back by a dependency since it asked. */
export type Applicant = 'ready' | 'held' | 'gone';

/**
 * Gives free slots to the servers that have waited longest. A server that is gone neither keeps nor gets a slot; one
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

/** Most leave the queue at its head, which is found at once, however long it is. */
function without(servers: readonly string[], server: string): readonly string[] {
  const index = servers.indexOf(server);
  return index < 0 ? servers : [...servers.slice(0, index), ...servers.slice(index + 1)];
}
