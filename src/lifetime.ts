/** Closes what was opened, in reverse order. */

export interface Lifetime {
  /** Adds a function to call on `close`, before those that were added earlier. It must not throw. */
  add(close: () => Promise<void> | void): void;
  /** May be called twice; does not throw. */
  readonly close: () => Promise<void>;
  /** Resolves when everything is closed. Never rejects. */
  readonly closed: Promise<void>;
}

export function createLifetime(): Lifetime {
  const closers: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | null = null;
  let settle = () => {};
  const closed = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const closeAll = async () => {
    // What is added in the meantime is closed as well.
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
    settle();
  };
  return {
    add: (close) => void closers.push(close),
    close: () => {
      closing ??= closeAll();
      return closing;
    },
    closed,
  };
}
