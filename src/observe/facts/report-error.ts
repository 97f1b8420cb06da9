/** Reports an unexpected error from a place where rethrowing it would break a caller that did nothing wrong. */

export type OnError = (error: unknown) => void;

export function reportError(onError: OnError | undefined, error: unknown): void {
  try {
    onError?.(error);
  } catch {
    // The handler itself throws: there is nobody left to report to, and the work at hand goes on.
  }
}
