/** Values as JSON has them: what is asked of anything that came from outside. */

/**
 * As many levels as the control API takes. Who compares, copies or writes values goes down by recursion, and what a
 * server sends must not be too deep for that.
 */
const mostLevels = 500;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether there are more levels in `value` than can be handled by everybody. */
export function isTooDeep(value: unknown, levels = mostLevels): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const part of Object.values(value)) if (isTooDeep(part, levels - 1)) return true;
  return false;
}
