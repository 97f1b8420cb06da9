/**
 * Other programs' words and shapes in an entry: what is acted on as if it were written in ours, and what is only told.
 * The documentation prints the table.
 */

import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import { isRecord } from '../../text/json.ts';
import { type Path, warningAt } from '../problems.ts';

type Fields = Readonly<Record<string, unknown>>;

/** `as`: our setting. `list`: its words are added to those of that list. */
type Way = { readonly as: string; readonly kind: 'same' | 'list' };

/** Words that are acted on, in an entry. Ours wins where both are written. */
export const foreignWords: ReadonlyMap<string, Way> = new Map([
  ['baseUrl', { as: 'url', kind: 'same' }],
  ['serverUrl', { as: 'url', kind: 'same' }],
  ['httpUrl', { as: 'url', kind: 'same' }],
  ['uri', { as: 'url', kind: 'same' }],
  ['cmd', { as: 'command', kind: 'same' }],
  ['environment', { as: 'env', kind: 'same' }],
  ['http_headers', { as: 'headers', kind: 'same' }],
  ['working_directory', { as: 'cwd', kind: 'same' }],
  ['isActive', { as: 'enabled', kind: 'same' }],
  ['alwaysAllow', { as: 'autoApprove', kind: 'same' }],
  ['disabledTools', { as: 'tools.exclude', kind: 'list' }],
  ['disabled_tools', { as: 'tools.exclude', kind: 'list' }],
  ['excludeTools', { as: 'tools.exclude', kind: 'list' }],
  ['includeTools', { as: 'tools.include', kind: 'list' }],
  ['enabled_tools', { as: 'tools.include', kind: 'list' }],
]);

/** Fields that other programs fill with nothing, and what is nothing in each. */
const emptyText: ReadonlySet<string> = new Set([
  'command',
  'url',
  'cwd',
  'envFile',
  'transport',
  'type',
  'transportType',
  'authProvider',
  'args',
  'baseUrl',
  'serverUrl',
  'httpUrl',
  'uri',
]);
const emptyList: ReadonlySet<string> = new Set(['env', 'headers', 'environment', 'http_headers']);
/** Empty, these say nothing about the transport either. */
const emptyBeside: ReadonlySet<string> = new Set(['args', 'env', 'headers']);

export interface Translated {
  readonly entry: Fields;
  readonly problems: readonly Problem[];
}

/** The entry in our words, and a warning for each that was not. */
export function translated(entry: Fields, path: Path): Translated {
  const problems: Problem[] = [];
  const given = Object.entries(entry).filter(([key, value]) => {
    if (!isNothing(key, value)) return true;
    // Often written, and never meant.
    if (!isEmpty(value)) problems.push(warningAt([...path, key], 'is taken for not given', 'leave it out'));
    return false;
  });
  const fields = new Map(given);
  for (const [key, { as, kind }] of foreignWords) {
    const value = fields.get(key);
    if (value === undefined) continue;
    fields.delete(key);
    const isOurs = as === 'enabled' ? fields.has('enabled') || fields.has('disabled') : fields.has(as);
    if (kind === 'same' && isOurs) {
      problems.push(warningAt([...path, key], `is not used: ${as} counts`, 'remove one of the two'));
      continue;
    }
    problems.push(warningAt([...path, key], `is another program's word, taken for ${as}`, `write ${as}`));
    if (kind === 'same') fields.set(as, value);
    else fields.set('tools', withWords(fields.get('tools'), as.slice('tools.'.length), value));
  }
  const tools = fields.get('tools');
  if (Array.isArray(tools)) fields.set('tools', { include: tools });
  return { entry: Object.fromEntries(fields), problems };
}

function isNothing(key: string, value: unknown): boolean {
  if (value === null) return true;
  if (value === '') return emptyText.has(key);
  return isEmpty(value) && (emptyList.has(key) && Array.isArray(value) ? true : emptyBeside.has(key));
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}

/** `tools` with more words in one of its lists. What is no list is left for the check to find. */
function withWords(tools: unknown, list: string, words: unknown): unknown {
  const own: Fields = Array.isArray(tools) ? { include: tools } : isRecord(tools) ? tools : {};
  const known = entryOf(own, list);
  const all = Array.isArray(known) && Array.isArray(words) ? [...(known as unknown[]), ...(words as unknown[])] : words;
  return { ...own, [list]: all };
}
