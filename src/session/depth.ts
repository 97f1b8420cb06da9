/**
 * How deep values are nested. Who compares, copies or writes them goes down by recursion, and what a server sends must
 * not be too deep for that.
 */

/** As many as the control API takes. */
const mostLevels = 500;

/** Whether there are more levels in `value` than can be handled by everybody. */
export function isTooDeep(value: unknown, levels = mostLevels): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const part of Object.values(value)) if (isTooDeep(part, levels - 1)) return true;
  return false;
}
