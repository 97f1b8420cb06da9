/**
 * A text without what a terminal does not show: a server that colours a part of a secret, or hides characters in it,
 * has still printed the secret.
 */

export interface Visible {
  readonly text: string;
  /** Where the character at `index` is in the text it came from. */
  originOf(index: number): number;
}

/**
 * Control sequences as a whole (ECMA-48); of strings to the terminal (titles, links) the introducer only, since their
 * content may be what is looked for; control characters; and characters without a width. Each part is of other
 * characters than the one before it, so the time is linear.
 */
const sequence = String.raw`(?:\u001b\[|\u009b)[0-?]*[ -\/]*[@-~]|\u001b[ -\/]*[0-~]`;
/** Not tabs and line breaks, which are seen. */
const character = String.raw`(?![\t\n\r])[\p{Cc}\p{Cf}]`;
const unseen = new RegExp(`${sequence}|${character}`, 'gu');

/** Strings to the terminal with their content, if they end soon: nothing of them is shown. */
const terminalString = String.raw`\u001b[\]PX^_][^\u0007\u001b\u009c]{0,256}(?:\u0007|\u001b\\|\u009c)`;
const unseenStrings = new RegExp(`${terminalString}|${sequence}|${character}`, 'gu');

/** Both ways to read it, with the content of strings to the terminal and without. Empty: all of it is visible. */
export function visibleIn(text: string): readonly Visible[] {
  const withContent = without(text, unseen);
  if (withContent === null) return [];
  const plain = text.includes('\u001b') ? without(text, unseenStrings) : null;
  return plain === null ? [withContent] : [withContent, plain];
}

/** Null: nothing of it is hidden. */
function without(text: string, hiddenParts: RegExp): Visible | null {
  const pieces: string[] = [];
  /** Where each piece begins: in the result, and in the text. */
  const begins: (readonly [number, number])[] = [];
  let length = 0;
  let from = 0;
  for (const { index, 0: hidden } of text.matchAll(hiddenParts)) {
    begins.push([length, from]);
    pieces.push(text.slice(from, index));
    length += index - from;
    from = index + hidden.length;
  }
  if (from === 0) return null;
  begins.push([length, from]);
  pieces.push(text.slice(from));
  return { text: pieces.join(''), originOf: (index) => originIn(begins, index) };
}

/** By halving: a text may be cut into as many pieces as it has characters. */
function originIn(begins: readonly (readonly [number, number])[], index: number): number {
  let low = 0;
  let high = begins.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((begins[middle]?.[0] ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  const [start, origin] = begins[low] ?? [0, 0];
  return origin + index - start;
}
