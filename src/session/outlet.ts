/**
 * Where what servers say goes on to. While it is full, nothing more is read of them: what was read and cannot go on
 * would have to be held.
 */

export interface Outlet {
  readonly isFull: boolean;
  /** Resolves when it is not full. Never rejects. */
  whenFree(): Promise<void>;
}

/** For sessions whose listener is in this process: what they tell is heard at once. */
export const freeOutlet: Outlet = { isFull: false, whenFree: () => Promise.resolve() };
