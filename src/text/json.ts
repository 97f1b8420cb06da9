/** Checks of JSON values that came from outside. */

/**
 * As many levels as the control API accepts. Values are compared, copied and serialized by recursion, which a deeper
 * value of a server could overflow.
 */
export const mostLevels = 500;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As text, whatever it is: `String()` throws for `{"toString": 1}`, and overflows the stack for what is very deep. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return isTooDeep(value) ? '(nested too deeply)' : (JSON.stringify(value) ?? '');
}

/** Whether `value` has more than `levels` levels. */
export function isTooDeep(value: unknown, levels = mostLevels): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  // Lists may be long, and need no copy to be looked through.
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const part of parts) if (isTooDeep(part, levels - 1)) return true;
  return false;
}
