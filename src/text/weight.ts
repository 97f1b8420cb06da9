/**
 * What a parsed JSON value costs in memory, by the value or by its text. Its length as text says little: two bytes of text may be an empty array,
 * which takes forty.
 */

/** About what V8 takes, in bytes: for an object or array, for each of its members, for a string besides its letters. */
const perContainer = 48;
const perMember = 16;
const perString = 16;
/** For a number that is remembered as it was written. */
const perWrittenNumber = 160;

/** The most that one byte of JSON may take: each element of `[-0,-0,-0]` is remembered. */
const mostPerLetter = 64;

const [quote, comma, minus, point, zero, nine, colon] = [34, 44, 45, 46, 48, 57, 58];
const [openBracket, backslash, openBrace, smallE, capitalE] = [91, 92, 123, 101, 69];
/** As many digits every number has exactly. */
const exactDigits = 15;

/**
 * What JSON would take when it is parsed, in bytes, at most about: what `parseJsonText` makes of it. One look at each
 * letter; none if it is so short that it cannot exceed `limit`. Stops counting beyond the limit.
 */
export function weightOfText(text: string, limit: number): number {
  if (text.length * mostPerLetter <= limit) return text.length;
  let weight = text.length;
  let digits = 0;
  for (let at = 0; at < text.length && weight <= limit; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= zero && code <= nine) {
      digits += 1;
      if (digits === exactDigits + 1) weight += perWrittenNumber;
      continue;
    }
    if (code === quote) {
      at = endOfString(text, at);
      weight += perString;
    } else if (code === openBracket || code === openBrace) weight += perContainer + perMember;
    else if (code === comma || code === colon) weight += perMember;
    else if (code === point || (digits > 0 && (code === smallE || code === capitalE))) weight += perWrittenNumber;
    else if (code === minus && text.charCodeAt(at + 1) === zero) weight += perWrittenNumber;
    digits = 0;
  }
  return weight;
}

/** The place of the quote that ends the string which begins there; that of the last letter if none does. */
function endOfString(text: string, begin: number): number {
  let end = begin + 1;
  while (end < text.length && text.charCodeAt(end) !== quote) end += text.charCodeAt(end) === backslash ? 2 : 1;
  return end;
}

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
