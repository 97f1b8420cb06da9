/** Who may start now: first come, first served, so that the first servers are up while the last still wait. */

export interface Slots {
  readonly slots: number;
  readonly holders: readonly string[];
  readonly queue: readonly string[];
}

/** Puts a server at the end of the queue. Whoever is there twice gives the second grant back. */
export function wantSlot({ slots, holders, queue }: Slots, server: string): Slots {
  return { slots, holders, queue: [...queue, server] };
}

/** Takes a server out of the list it is in; giving back what one does not hold changes nothing. */
export function returnSlot({ slots, holders, queue }: Slots, server: string): Slots {
  return holders.includes(server) ? { slots, holders: without(holders, server), queue } : { slots, holders, queue: without(queue, server) };
}

/** Gives what is free to those who wait longest. Whoever died with its group neither holds a slot nor gets one. */
export function grantSlots(
  { slots, holders, queue }: Slots,
  isAlive: (server: string) => boolean,
): { readonly granted: readonly string[]; readonly after: Slots } {
  const holding = holders.filter(isAlive);
  const granted: string[] = [];
  let taken = 0;
  for (; taken < queue.length && holding.length + granted.length < slots; taken += 1) {
    const next = queue[taken];
    if (next !== undefined && isAlive(next) && !granted.includes(next)) granted.push(next);
  }
  return { granted, after: { slots, holders: [...holding, ...granted], queue: queue.slice(taken) } };
}

/** Most leave the queue at its head, which is found at once, however long it is. */
function without(servers: readonly string[], server: string): readonly string[] {
  const index = servers.indexOf(server);
  return index < 0 ? servers : [...servers.slice(0, index), ...servers.slice(index + 1)];
}
