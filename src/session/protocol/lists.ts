/** What a server offers: all pages of all lists, checked item by item, so that one bad tool costs one tool. */

import { entryOf } from '../../../machines/table.ts';
import { isRecord, isTooDeep } from '../../json.ts';
import type { ListedItem, ListedTool, ListProblem, Lists } from '../contract.ts';
import type { Inbound } from './wire.ts';

const maxItems = 10_000;
/** Per list: a page may be empty and still name a next one. */
const maxPages = 10_000;

type ListName = ListProblem['list'];

/** Sends one of our own requests and resolves with the answer, even an error. Rejects if no answer can come. */
export type Ask = (method: string, params: Readonly<Record<string, unknown>>) => Promise<Inbound>;

interface ListKind {
  readonly list: ListName;
  readonly method: string;
  /** The capability that announces it. */
  readonly capability: string;
  /** The field that identifies an item. */
  readonly key: 'name' | 'uri' | 'uriTemplate';
}

const kinds: readonly ListKind[] = [
  { list: 'tools', method: 'tools/list', capability: 'tools', key: 'name' },
  { list: 'resources', method: 'resources/list', capability: 'resources', key: 'uri' },
  { list: 'resourceTemplates', method: 'resources/templates/list', capability: 'resources', key: 'uriTemplate' },
  { list: 'prompts', method: 'prompts/list', capability: 'prompts', key: 'name' },
];

/**
 * Requests every list whose capability is declared, all at once. A list that is answered with an error is empty, and a
 * problem. Rejects if an answer cannot come.
 */
export async function listAll(ask: Ask, capabilities: Readonly<Record<string, unknown>>): Promise<Lists> {
  const problems: ListProblem[] = [];
  const itemsOf = async (kind: ListKind) =>
    entryOf(capabilities, kind.capability) !== undefined
      ? judge(kind, await pagesOf(kind, ask, problems), problems)
      : [];
  const [tools = [], resources = [], resourceTemplates = [], prompts = []] = await Promise.all(kinds.map(itemsOf));
  return { tools: tools.filter(isTool), resources, resourceTemplates, prompts, problems };
}

async function pagesOf({ list, method }: ListKind, ask: Ask, problems: ListProblem[]): Promise<unknown[]> {
  const items: unknown[] = [];
  const cursors = new Set<string>();
  const stop = (message: string) => problems.push({ list, index: items.length, name: null, message });
  let params: Readonly<Record<string, unknown>> = {};
  for (;;) {
    const { error, result } = await ask(method, params);
    if (error !== undefined) {
      stop(`${method} was answered with error ${wordsOf(error)}.`);
      return items;
    }
    const page = isRecord(result) ? result[list] : undefined;
    if (!isRecord(result) || !Array.isArray(page)) {
      stop(`${method} was answered without an array "${list}".`);
      return items;
    }
    for (const item of page) items.push(item);
    const { nextCursor } = result;
    // Some servers send null or the empty string on the last page.
    if (typeof nextCursor !== 'string' || nextCursor === '') return items;
    if (items.length >= maxItems) {
      stop(`${method} goes on after ${maxItems} items; the rest is left out.`);
      return items.slice(0, maxItems);
    }
    if (cursors.size + 1 >= maxPages) {
      stop(`${method} goes on after ${maxPages} pages; the rest is left out.`);
      return items;
    }
    if (cursors.has(nextCursor)) {
      stop(`${method} gave the cursor "${nextCursor}" a second time; the rest is left out.`);
      return items;
    }
    cursors.add(nextCursor);
    params = { cursor: nextCursor };
  }
}

function wordsOf(error: unknown): string {
  return isRecord(error) ? `${String(error.code)}: ${String(error.message)}` : String(error);
}

function judge(kind: ListKind, items: readonly unknown[], problems: ListProblem[]): ListedItem[] {
  const kept = new Map<string, ListedItem>();
  items.forEach((item, index) => {
    const id = isRecord(item) ? item[kind.key] : undefined;
    const name = typeof id === 'string' && id !== '' ? id : null;
    if (isRecord(item) && name !== null && faultOf(kind, item) === null && !kept.has(name)) {
      kept.set(name, isNamed(item) ? item : { ...item, name });
      return;
    }
    const unnamed = isRecord(item) ? `Its ${kind.key} is missing, empty or not a string.` : 'It is not an object.';
    const message =
      !isRecord(item) || name === null ? unnamed : (faultOf(kind, item) ?? `An earlier one has the same ${kind.key}.`);
    problems.push({ list: kind.list, index, name, message });
  });
  return [...kept.values()];
}

/** What is wrong with an item that has its key. Odd output schemas and dangling references are left to the server. */
function faultOf({ list }: ListKind, item: Readonly<Record<string, unknown>>): string | null {
  if (list === 'tools' && !isRecord(item.inputSchema)) return 'Its inputSchema is not an object.';
  return isTooDeep(item) ? 'It is nested too deeply.' : null;
}

function isTool(item: Readonly<Record<string, unknown>>): item is ListedTool {
  return isNamed(item) && isRecord(item.inputSchema);
}

function isNamed(item: Readonly<Record<string, unknown>>): item is ListedItem {
  return typeof item.name === 'string' && item.name !== '';
}
