/** How large a fact is, and how what is too large is shortened: facts carry other people's words. */

/** Longest text in a fact, in characters. */
const maxTextLength = 4_096;
/** Largest fact, in characters of all its texts. */
const maxFactLength = 65_536;
/** What a value costs beside its text. */
export const valueLength = 8;

/** About as many characters as it has as JSON. Takes time in proportion to that. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length + valueLength;
  if (typeof value !== 'object' || value === null) return valueLength;
  return Object.entries(value).reduce((size, [name, inner]) => size + name.length + sizeOf(inner), valueLength);
}

/** The same value, or a copy whose texts are shortened, and of whose lists the ends are left out with a word on it. */
export function bounded<Value>(value: Value): Value {
  return shortened(value, { left: maxFactLength }) as Value;
}

function shortened(value: unknown, room: { left: number }): unknown {
  room.left = Math.max(0, room.left - valueLength);
  if (typeof value === 'string') {
    const text = cut(value, Math.min(maxTextLength, room.left));
    room.left = Math.max(0, room.left - text.length);
    return text;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return shortenedList(value, room);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shortened(inner, room)]));
}

function shortenedList(list: readonly unknown[], room: { left: number }): readonly unknown[] {
  const kept: unknown[] = [];
  for (const item of list) {
    if (room.left === 0) break;
    kept.push(shortened(item, room));
  }
  const others = list.length - kept.length;
  if (others > 0 && typeof list[0] === 'string') kept.push(`… and ${others} more`);
  return kept;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
