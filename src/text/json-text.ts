/**
 * JSON whose numbers pass through unchanged. A JavaScript number holds 53 bits and forgets how it was written, so
 * `JSON.parse` makes 1915883588174806000 of 1915883588174806058, and 1 of 1.0. Where values are only carried, what was
 * written has to come out again: it is remembered beside the object or array that a number is in.
 *
 * Values are as `JSON.parse` makes them. Copies know nothing of how their own numbers were written; what is below, and
 * was not copied, does.
 */

import { randomUUID } from 'node:crypto';

type Container = Readonly<Record<string, unknown>> | readonly unknown[];

/** How numbers were written, by their key in the container. Containers on the way to such a one are here, too. */
const written = new WeakMap<Container, Map<string, string>>();

/** Envelopes around what was parsed, as deep as those of messages and answers are. */
const mostEnvelopes = 4;

/** More of them take seconds and gigabytes: a message of 25 MB may hold five million. */
const mostWritten = 250_000;

/** Too many numbers would have to be remembered. */
export class TooManyNumbersError extends Error {
  override readonly name = 'TooManyNumbersError';

  constructor() {
    super(`It has more than ${mostWritten} numbers that JavaScript would write differently.`);
  }
}

/** Nobody outside of this process can know it. */
const mark = `number ${randomUUID()} `;

const marked = new RegExp(`"${mark}([^"]+)"`, 'g');

/** Throws as `JSON.parse` does, or a `TooManyNumbersError`. */
export function parseJsonText(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const places = isContainer(value) ? placesIn(text) : [];
  if (places.length === 0) return value;
  if (places.length > mostWritten) throw new TooManyNumbersError();
  let withMarks = '';
  let from = 0;
  for (const { begin, end } of places) {
    withMarks += `${text.slice(from, begin)}"${mark}${text.slice(begin, end)}"`;
    from = end;
  }
  const remembered: unknown = JSON.parse(withMarks + text.slice(from));
  remember(remembered);
  return remembered;
}

/** As `JSON.stringify`; undefined for what JSON cannot hold. Numbers are written as they were when they were parsed. */
export function toJsonText(value: object, space?: number): string;
export function toJsonText(value: unknown, space?: number): string | undefined;
export function toJsonText(value: unknown, space?: number): string | undefined {
  if (!isKnown(value, mostEnvelopes)) return JSON.stringify(value, null, space);
  const withMarks = JSON.stringify(
    value,
    function (this: Container, key: string, part: unknown): unknown {
      const text = typeof part === 'number' ? written.get(this)?.get(key) : undefined;
      // If it was changed since, the new number is meant.
      return text !== undefined && Object.is(Number(text), part) ? `${mark}${text}` : part;
    },
    space,
  );
  return withMarks?.replace(marked, '$1');
}

/** Puts numbers in place of the marks. Not recursive: a value may be very deep. */
function remember(root: unknown): void {
  const all: { readonly container: Container; readonly parent: Container | null }[] = [];
  if (isContainer(root)) all.push({ container: root, parent: null });
  for (const { container } of all) {
    for (const [key, part] of Object.entries(container)) {
      if (isContainer(part)) all.push({ container: part, parent: container });
      else if (typeof part === 'string' && part.startsWith(mark)) {
        const text = part.slice(mark.length);
        keysOf(container).set(key, text);
        Object.defineProperty(container, key, { value: Number(text) });
      }
    }
  }
  // From the deepest up.
  for (const { container, parent } of all.reverse()) if (parent !== null && written.has(container)) keysOf(parent);
}

function keysOf(container: Container): Map<string, string> {
  const known = written.get(container) ?? new Map<string, string>();
  written.set(container, known);
  return known;
}

function isKnown(value: unknown, levels: number): boolean {
  if (!isContainer(value)) return false;
  if (written.has(value)) return true;
  if (levels === 0) return false;
  const parts = Array.isArray(value) ? value : Object.values(value);
  return parts.some((part) => isKnown(part, levels - 1));
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

interface Place {
  readonly begin: number;
  readonly end: number;
}

const [quote, backslash, minus, zero, nine] = [34, 92, 45, 48, 57];
/** `+`, `-`, `.`, `E` and `e` in a number that is no whole one. */
const others: ReadonlySet<number> = new Set([43, minus, 46, 69, 101]);
/** As many digits every number has exactly. */
const exactDigits = 15;

/**
 * Where numbers stand that `JSON.stringify` would write differently. `text` is JSON. From quote to quote: most of what
 * servers send is within strings.
 */
function placesIn(text: string): readonly Place[] {
  const places: Place[] = [];
  for (let at = 0; at < text.length && places.length <= mostWritten; ) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code !== minus && (code < zero || code > nine)) at += 1;
    else {
      const { end, isWhole } = endOfNumber(text, at);
      const isUsual = isWhole && end - at <= exactDigits && code !== minus;
      if (!isUsual && changes(text.slice(at, end))) places.push({ begin: at, end });
      at = end;
    }
  }
  return places;
}

function endOfNumber(text: string, begin: number): { readonly end: number; readonly isWhole: boolean } {
  let isWhole = true;
  for (let end = begin + 1; ; end += 1) {
    const code = text.charCodeAt(end);
    if (code >= zero && code <= nine) continue;
    if (!others.has(code)) return { end, isWhole };
    isWhole = false;
  }
}

/** The place after the quote that ends the string, whose first one is at `begin`. */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === backslash) before -= 1;
    if ((end - before) % 2 === 0) return end + 1;
  }
}

function changes(number: string): boolean {
  return String(Number(number)) !== number;
}
