/** Who may start now: first come, first served, so that the first servers are up while the last still wait. */

export interface Slots {
  readonly slots: number;
  readonly holders: readonly string[];
  readonly queue: readonly string[];
}

/** Puts a server at the end of the queue, once. */
export function wantSlot({ slots, holders, queue }: Slots, server: string): Slots {
  return queue.includes(server) ? { slots, holders, queue } : { slots, holders, queue: [...queue, server] };
}

/** Takes a server out of both lists; giving back what one does not hold changes nothing. */
export function returnSlot({ slots, holders, queue }: Slots, server: string): Slots {
  return { slots, holders: holders.filter((name) => name !== server), queue: queue.filter((name) => name !== server) };
}

/** Gives what is free to those who wait longest. */
export function grantSlots({ slots, holders, queue }: Slots): { readonly granted: readonly string[]; readonly after: Slots } {
  const granted = queue.slice(0, Math.max(0, slots - holders.length));
  return { granted, after: { slots, holders: [...holders, ...granted], queue: queue.slice(granted.length) } };
}
