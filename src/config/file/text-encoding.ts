/** From bytes to text, without ever putting a replacement character where a byte was not understood. */

import { isUtf8 } from 'node:buffer';

/**
 * UTF-8, or UTF-16 as some editors and shells write it, with or without a byte order mark, which is left out. Throws an
 * error that names the line where it is neither.
 */
export function decodeText(bytes: Buffer): string {
  const kind = kinds.find(({ begins }) => begins.every((byte, index) => bytes[index] === byte));
  if (kind !== undefined) throw new Error(`it is ${kind.what}; save it as UTF-8`);
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    if (encoding !== 'utf-8') throw new Error('it is damaged UTF-16 text; save it as UTF-8');
    throw new Error(`line ${firstBadLine(bytes)} is no UTF-8 text; save it as UTF-8`);
  }
}

/** The text in the encoding of these bytes, with a byte order mark if they have one. */
export function encodeLike(bytes: Buffer, text: string): Buffer {
  const encoding = encodingOf(bytes);
  const mark = marks.get(encoding) ?? [];
  const begins = mark.every((byte, index) => bytes[index] === byte) ? Buffer.from(mark) : Buffer.alloc(0);
  if (encoding === 'utf-8') return Buffer.concat([begins, Buffer.from(text)]);
  const units = Buffer.from(text, 'utf16le');
  return Buffer.concat([begins, encoding === 'utf-16be' ? units.swap16() : units]);
}

const marks: ReadonlyMap<string, readonly number[]> = new Map([
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
]);

/** What files that are no text of ours begin with. */
const kinds: readonly { readonly begins: readonly number[]; readonly what: string }[] = [
  { begins: [0xff, 0xfe, 0, 0], what: 'UTF-32 text' },
  { begins: [0, 0, 0xfe, 0xff], what: 'UTF-32 text' },
  { begins: [0x1f, 0x8b], what: 'a compressed file (gzip)' },
  { begins: [0x50, 0x4b, 3, 4], what: 'a compressed file (zip)' },
];

/** Text in which every second byte of the first characters is 0 begins with Latin letters or signs in UTF-16. */
function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (bytes.length % 2 !== 0 || first === second) return 'utf-8';
  return second === 0 ? 'utf-16le' : first === 0 ? 'utf-16be' : 'utf-8';
}

function firstBadLine(bytes: Buffer): number {
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, from);
    const next = end === -1 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(from, next))) break;
    from = next;
  }
  return line;
}
