/**
 * What a parsed JSON value costs in memory. Its length as text says little: two bytes of text may be an empty array,
 * which takes forty.
 */

/** About what V8 takes, in bytes: for an object or array, for each of its members, for a string besides its letters. */
const perContainer = 48;
const perMember = 16;
const perString = 16;

/**
 * The estimated bytes of a value that is not nested deeper than the stack allows. Stops counting beyond `limit`, so
 * that it never costs more than the limit allows.
 */
export function weightOf(value: unknown, limit: number): number {
  if (typeof value === 'string') return perString + value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let weight = perContainer;
  if (Array.isArray(value)) {
    for (const item of value) {
      weight += perMember + weightOf(item, limit - weight);
      if (weight > limit) return weight;
    }
    return weight;
  }
  for (const [key, member] of Object.entries(value)) {
    weight += perMember + perString + key.length + weightOf(member, limit - weight);
    if (weight > limit) return weight;
  }
  return weight;
}
