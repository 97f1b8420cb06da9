/** Reads one list of a server: all its pages. An answer that is an error is not the answer "there is nothing". */

import { isRecord, textOf } from '../../text/json.ts';
import { weightOf } from '../../text/weight.ts';
import type { Hold } from '../budget.ts';
import type { ListedItem, ListProblem } from '../contract.ts';
import { judge } from './list-items.ts';
import type { ListKind } from './list-kinds.ts';
import type { Inbound } from './wire.ts';

const maxItems = 10_000;
/** A page may be empty and still name a next one. */
const maxPages = 10_000;
/** The largest lists seen in the field take a tenth of it, in bytes of memory. */
const maxListBytes = 16 * 1024 * 1024;
/** Of what a server says in an error, in characters. More than is shown: secrets are recognised as a whole. */
const longestWords = 4 * 1024;
/** The one error that says there is nothing: the server does not know the method. */
const methodNotFound = -32_601;

/** Sends one of our own requests and resolves with the answer, even an error. Rejects if no answer can come. */
type Ask = (method: string, params: Readonly<Record<string, unknown>>) => Promise<Inbound>;

/** A list as far as it could be read. */
export interface ListReading {
  readonly items: readonly ListedItem[];
  readonly problems: readonly ListProblem[];
  /** Why it was not read to its end; null: it was. */
  readonly trouble: ListTrouble | null;
}

export interface ListTrouble {
  readonly reason: string;
  /** Whether at least a part of it was read. */
  readonly isPartial: boolean;
  /** Whether reading it again soon may help: not if it is too large. */
  readonly mayPass: boolean;
}

/** Rejects if an answer cannot come. What is read is taken from `room`. */
export async function readList(kind: ListKind, ask: Ask, room: Hold): Promise<ListReading> {
  const { list, method } = kind;
  const read: unknown[] = [];
  const cursors = new Set<string | number>();
  let bytes = 0;
  let pages = 0;
  let params: Readonly<Record<string, unknown>> = {};
  const end = (trouble: string | null, mayPass = true): ListReading => {
    const { items, problems } = judge(kind, read);
    return {
      items,
      problems,
      trouble: trouble === null ? null : { reason: trouble, isPartial: pages > 0 || read.length > 0, mayPass },
    };
  };
  const cutShort = (message: string): ListReading => {
    const reading = end(null);
    return { ...reading, problems: [...reading.problems, { list, index: read.length, name: null, message }] };
  };
  /** Null: there is room for it. Otherwise the list ends before it. */
  const refusalOf = (value: unknown): ListReading | null => {
    const weight = weightOf(value, maxListBytes - bytes);
    bytes += weight;
    if (bytes > maxListBytes)
      return end(`${method} gives more than ${maxListBytes} bytes; what is beyond them is left out`, false);
    if (room.take(weight) === null) return null;
    return end(`${method} gives more than there is memory for; the rest is left out`);
  };
  for (;;) {
    const { error, result } = await ask(method, params);
    if (error !== undefined) {
      const isNothing = pages === 0 && isRecord(error) && error.code === methodNotFound;
      return end(isNothing ? null : `${method} was answered with error ${wordsOf(error)}`);
    }
    const page = isRecord(result) ? result[list] : undefined;
    if (!isRecord(result) || !Array.isArray(page)) return end(`${method} was answered without an array "${list}"`);
    for (const item of page) {
      const refusal = refusalOf(item);
      if (refusal !== null) return refusal;
      read.push(item);
    }
    pages += 1;
    const { nextCursor } = result;
    // Some servers send null, false or the empty string on the last page, and some count pages.
    if (nextCursor === undefined || nextCursor === null || nextCursor === '' || nextCursor === false) return end(null);
    if (typeof nextCursor !== 'string' && typeof nextCursor !== 'number')
      return cutShort(`${method} gave a cursor that is no text; the rest is left out.`);
    if (read.length >= maxItems) {
      read.length = maxItems;
      return cutShort(`${method} goes on after ${maxItems} items; the rest is left out.`);
    }
    if (pages >= maxPages) return cutShort(`${method} goes on after ${maxPages} pages; the rest is left out.`);
    if (cursors.has(nextCursor))
      return cutShort(
        `${method} gave the cursor "${String(nextCursor).slice(0, longestWords)}" a second time; the rest is left out.`,
      );
    // Each is remembered, and may be as long as a message, on a page with nothing else.
    const refusal = refusalOf(nextCursor);
    if (refusal !== null) return refusal;
    cursors.add(nextCursor);
    params = { cursor: nextCursor };
  }
}

function wordsOf(error: unknown): string {
  const words = isRecord(error) ? `${textOf(error.code)}: ${textOf(error.message)}` : textOf(error);
  return words.slice(0, longestWords);
}
