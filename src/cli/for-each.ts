/** A loop over an async iterable whose items may be ignored. */

/** Calls `act` with each item as it comes. */
export async function forEach<Item>(items: AsyncIterable<Item>, act: (item: Item) => void): Promise<void> {
  for await (const item of items) act(item);
}
