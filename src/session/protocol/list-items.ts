/** The items of a list, checked one by one, so that one bad tool costs one tool. */

import { isRecord, isTooDeep } from '../../text/json.ts';
import type { ListedItem, ListedTool, ListProblem } from '../contract.ts';
import type { ListKind } from './list-kinds.ts';

/** Bad items that are named, for each list; the others are counted. */
const mostNamed = 100;
/** Longest name in a problem, in characters. More than is shown, so that a secret in it is recognised as a whole. */
const longestName = 1_024;

export interface JudgedItems {
  readonly items: readonly ListedItem[];
  readonly problems: readonly ListProblem[];
}

export function judge(kind: ListKind, items: readonly unknown[]): JudgedItems {
  const kept = new Map<string, ListedItem>();
  const problems: ListProblem[] = [];
  let bad = 0;
  items.forEach((item, index) => {
    const id = isRecord(item) ? item[kind.key] : undefined;
    const name = typeof id === 'string' && id !== '' ? id : null;
    if (isRecord(item) && name !== null && faultOf(kind, item) === null && !kept.has(name)) {
      kept.set(name, isNamed(item) ? item : { ...item, name });
      return;
    }
    bad += 1;
    if (bad > mostNamed) return;
    const unnamed = isRecord(item) ? `Its ${kind.key} is missing, empty or not a string.` : 'It is not an object.';
    const message =
      !isRecord(item) || name === null ? unnamed : (faultOf(kind, item) ?? `An earlier one has the same ${kind.key}.`);
    problems.push({ list: kind.list, index, name: name?.slice(0, longestName) ?? null, message });
  });
  if (bad > mostNamed) {
    const message = `And ${bad - mostNamed} more items are of no use.`;
    problems.push({ list: kind.list, index: items.length, name: null, message });
  }
  return { items: [...kept.values()], problems };
}

/** What is wrong with an item that has its key. Odd output schemas and dangling references are left to the server. */
function faultOf({ list }: ListKind, item: Readonly<Record<string, unknown>>): string | null {
  if (list === 'tools' && !isRecord(item.inputSchema)) return 'Its inputSchema is not an object.';
  return isTooDeep(item) ? 'It is nested too deeply.' : null;
}

export function isTool(item: Readonly<Record<string, unknown>>): item is ListedTool {
  return isNamed(item) && isRecord(item.inputSchema);
}

function isNamed(item: Readonly<Record<string, unknown>>): item is ListedItem {
  return typeof item.name === 'string' && item.name !== '';
}
