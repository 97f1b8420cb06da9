/** Whether `error` came from the operating system with this code: `ENOENT`, `EADDRINUSE`. */
export function isSystemError(error: unknown, code: string): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && error.code === code;
}
