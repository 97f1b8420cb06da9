/** A server's lists as they are kept: bounded, as text, and checked when they come back. */

import type { ListedItem, ListedTool, Lists } from '../../session/contract.ts';
import { isRecord, isTooDeep } from '../../text/json.ts';
import { parseJsonText, toJsonText } from '../../text/json-text.ts';

/** Of one server, in bytes: some hundred tools with long schemas. */
const mostListBytes = 512 * 1024;
/** Of all servers together: what is kept is read at each start. */
export const mostBytesOfAll = 64 * 1024 * 1024;

/** What is kept first: a model chooses by the tools. */
const kinds = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const;

/** As many whole items as there is room for, in their order. That others were left out is no news in a later run. */
export function textOfLists(lists: Lists, mostBytes = mostListBytes): string {
  let bytes = 0;
  const fitting = (items: readonly ListedItem[]): readonly string[] => {
    const texts: string[] = [];
    for (const item of items) {
      const text = toJsonText(item);
      bytes += Buffer.byteLength(text) + 1;
      if (bytes > mostBytes) break;
      texts.push(text);
    }
    return texts;
  };
  return `{${kinds.map((kind) => `"${kind}":[${fitting(lists[kind]).join(',')}]`).join(',')}}`;
}

/** Null: it is not what was kept. Others may write into a store, too. */
export function parseLists(kept: unknown): Lists | null {
  const found = typeof kept === 'string' ? parseText(kept) : null;
  if (!isRecord(found)) return null;
  const itemsOf = (kind: (typeof kinds)[number]) => {
    const items: readonly unknown[] = Array.isArray(found[kind]) ? found[kind] : [];
    return items.filter(isItem);
  };
  return {
    tools: itemsOf('tools').filter(isTool),
    resources: itemsOf('resources'),
    resourceTemplates: itemsOf('resourceTemplates'),
    prompts: itemsOf('prompts'),
    problems: [],
  };
}

function parseText(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    // It is not what was kept: nothing is known then.
    return null;
  }
}

function isItem(item: unknown): item is ListedItem {
  return isRecord(item) && typeof item.name === 'string' && item.name !== '' && !isTooDeep(item);
}

function isTool(item: ListedItem): item is ListedTool {
  return isRecord(item.inputSchema);
}
