/** Who creates closes, in reverse: what is to be done when everything ends. */

export interface Lifetime {
  /** `close` runs when everything ends, before what was added earlier. It does not throw. */
  add(close: () => Promise<void> | void): void;
  /** May be called twice; does not throw. */
  readonly close: () => Promise<void>;
  /** Resolves when everything has ended. Never rejects. */
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
    // One that is added meanwhile is closed as well.
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
