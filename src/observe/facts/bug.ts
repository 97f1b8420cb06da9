/** Reports an unexpected error from a place where rethrowing it would break a caller that did nothing wrong. */

export type OnBug = (error: unknown) => void;

export function tellBug(onBug: OnBug | undefined, error: unknown): void {
  try {
    onBug?.(error);
  } catch {
    // The handler itself throws: there is nobody left to report to, and the work at hand goes on.
  }
}
