/** The codes that errors carry. */

/** Whether `error` is an error of the operating system with this code: `ENOENT`, `EADDRINUSE`. */
export function isSystemError(error: unknown, code: string): error is NodeJS.ErrnoException {
  return systemCodeOf(error) === code;
}

/** The code that the operating system or Node gave an error. Null: it has none. */
export function systemCodeOf(error: unknown): string | null {
  const code = codeOf(error);
  return typeof code === 'string' ? code : null;
}

/** The code of an error: a word of the system, or a number of HTTP or JSON-RPC. Null: it has neither. */
export function codeOf(error: unknown): number | string | null {
  if (!(error instanceof Error && 'code' in error)) return null;
  return typeof error.code === 'number' || typeof error.code === 'string' ? error.code : null;
}
