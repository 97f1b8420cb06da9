/** Why a server refused a request, found in the body of its answer. */

import { entryOf } from '../../../../machines/table.ts';
import { isRecord } from '../../../text/json.ts';

/** Longest reason, in characters: a sentence or two. */
const longest = 300;

/** The members in which programs say why, the most telling first. */
const members = ['error_description', 'detail', 'message', 'error', 'reason', 'title', 'msg', 'errors'];

/** `body` is the text as JSON, undefined if it is none. Null: it gives no reason. */
export function reasonIn(body: unknown, text: string, mediaType: string | null): string | null {
  if (body !== undefined) return cleaned(inJson(body, 3) ?? '');
  const isPage = mediaType === 'text/html' || text.trimStart().startsWith('<');
  if (isPage) return cleaned(within(text, 'title') ?? within(text, 'h1') ?? '');
  return mediaType === null || mediaType.startsWith('text/') || mediaType.startsWith('application/')
    ? cleaned(text.slice(0, 4 * longest))
    : null;
}

/** On one line, without what would steer a terminal, and not longer than a person reads. Null: nothing is left. */
export function cleaned(text: string): string | null {
  const line = text
    .slice(0, 16 * longest)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (line === '') return null;
  // The cut may leave half of a character.
  return line.length > longest ? `${line.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : line;
}

function inJson(value: unknown, levels: number): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  if (levels === 0) return null;
  if (Array.isArray(value)) return inJson(value[0], levels - 1);
  if (!isRecord(value)) return null;
  for (const member of members) {
    const found = Object.hasOwn(value, member) ? inJson(entryOf(value, member), levels - 1) : null;
    if (found !== null) return found;
  }
  return null;
}

/** The text of the first element of this name. */
function within(page: string, element: string): string | null {
  const lower = page.toLowerCase();
  const opening = lower.indexOf(`<${element}`);
  const from = opening === -1 ? -1 : lower.indexOf('>', opening);
  const to = from === -1 ? -1 : lower.indexOf(`</${element}`, from);
  return to === -1 ? null : page.slice(from + 1, to).replace(/<[^<>]*>/g, ' ');
}
