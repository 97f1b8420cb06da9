/** Messages that surely never reached the other side: whoever sent one knows that nothing was done. */

/** A message that was not sent. */
export class UnreachedError extends Error {
  override readonly name = 'UnreachedError';
  readonly reached = false;
}

/** Whether `error` says so. Everything else leaves it open. */
export function hasNotReached(error: unknown): boolean {
  return error instanceof Error && 'reached' in error && error.reached === false;
}
