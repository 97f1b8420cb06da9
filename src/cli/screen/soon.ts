/** For what comes in bursts. */

/** Calls `act` after `ms` milliseconds, once for everybody who asks meanwhile. */
export function createSoon(act: () => void, ms: number): () => void {
  let isComing = false;
  return () => {
    if (isComing) return;
    isComing = true;
    setTimeout(() => {
      isComing = false;
      act();
    }, ms);
  };
}

/** Calls `act` with each, as it comes. */
export async function forEach<Item>(items: AsyncIterable<Item>, act: (item: Item) => void): Promise<void> {
  for await (const item of items) act(item);
}
