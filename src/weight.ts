/**
 * What a parsed JSON value costs in memory. Its length as text says little: two bytes of text may be an empty array,
 * which takes forty.
 */

/** About what V8 takes, in bytes: for an object or array, for each of its members, for a string besides its letters. */
const perContainer = 48;
const perMember = 16;
const perString = 16;

/**
 * The estimated bytes of a value. Stops counting beyond `limit`, so that it never costs more than the limit allows. A
 * loop, not a recursion: a server may nest deeper than the stack.
 */
export function weightOf(value: unknown, limit: number): number {
  let weight = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0 && weight <= limit) {
    const next = waiting.pop();
    if (typeof next === 'string') weight += perString + next.length;
    if (typeof next !== 'object' || next === null) continue;
    weight += perContainer;
    if (Array.isArray(next)) {
      weight += perMember * next.length;
      if (weight <= limit) for (const item of next) waiting.push(item);
      continue;
    }
    for (const [key, member] of Object.entries(next)) {
      weight += perMember + perString + key.length;
      waiting.push(member);
    }
  }
  return weight;
}
