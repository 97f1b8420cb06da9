/**
 * Other programs' words and shapes in an entry: what is acted on as if it were written in ours, and what is only told.
 * The documentation prints the table.
 */

import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import { isRecord } from '../../text/json.ts';
import { isComment } from '../entries/names.ts';
import { type Path, warningAt } from '../problems.ts';
import { shaped, textsIn } from './shapes.ts';

type Fields = Readonly<Record<string, unknown>>;

/** `as`: our setting. `list`: its words are added to those of that list. */
type Way = { readonly as: string; readonly kind: 'same' | 'list' };

/** Other programs' words for one of ours. */
const same: Readonly<Record<string, readonly string[]>> = {
  url: ['baseUrl', 'base_url', 'serverUrl', 'server_url', 'httpUrl', 'sseUrl', 'endpoint', 'uri'],
  command: ['cmd'],
  args: ['arguments'],
  env: ['environment', 'environmentVariables', 'envVars'],
  headers: ['http_headers', 'customHeaders', 'custom_headers'],
  cwd: ['working_directory', 'workingDirectory', 'working_dir', 'workingDir', 'workdir'],
  envFile: ['env_file'],
  enabled: ['isActive', 'isEnabled', 'active', 'enable'],
  autoApprove: ['alwaysAllow'],
};

/** Their words for lists, which are added to ours. */
const lists: Readonly<Record<string, readonly string[]>> = {
  'tools.exclude': [
    'disabledTools',
    'disabled_tools',
    'excludeTools',
    'exclude_tools',
    'excludedTools',
    'excluded_tools',
    'blockedTools',
    'blocked_tools',
    'disallowedTools',
    'disallowed_tools',
    'deniedTools',
    'denied_tools',
  ],
  'tools.include': [
    'includeTools',
    'include_tools',
    'includedTools',
    'enabledTools',
    'enabled_tools',
    'allowedTools',
    'allowed_tools',
  ],
};

const waysOf = (table: typeof same, kind: Way['kind']): readonly (readonly [string, Way])[] =>
  Object.entries(table).flatMap(([as, words]) => words.map((word) => [word, { as, kind }] as const));

/** Words that are acted on, in an entry. Ours wins where both are written. */
export const foreignWords: ReadonlyMap<string, Way> = new Map([...waysOf(same, 'same'), ...waysOf(lists, 'list')]);

/** What other programs show to people; nothing here depends on it. */
const wordsForShow: ReadonlySet<string> = new Set([
  'name',
  'displayName',
  'title',
  'description',
  'notes',
  'comment',
  'icon',
  'iconPath',
  'logoUrl',
  'author',
  'provider',
  'providerUrl',
  'registryUrl',
  'homepage',
  'tags',
  'version',
  'gallery',
]);

/** Fields that other programs fill with nothing, and what is nothing in each. */
const emptyText: ReadonlySet<string> = new Set([
  ...(same.url ?? []),
  'command',
  'url',
  'cwd',
  'envFile',
  'transport',
  'type',
  'transportType',
  'authProvider',
  'args',
]);
const emptyList: ReadonlySet<string> = new Set(['env', 'headers', 'environment', 'http_headers']);
/** Empty, these say nothing about the transport either. */
const emptyBeside: ReadonlySet<string> = new Set(['args', 'env', 'headers']);

const ofTexts = ['args', 'env', 'headers'];

export interface Translated {
  readonly entry: Fields;
  readonly problems: readonly Problem[];
}

/** The entry in our words, and a warning for each that was not. */
export function translated(entry: Fields, path: Path): Translated {
  const problems: Problem[] = [];
  const { fields: inShape, problems: ofShapes } = shaped(entry, path);
  problems.push(...ofShapes);
  const given = Object.entries(inShape).filter(([key, value]) => {
    if (wordsForShow.has(key) || isComment(key)) return false;
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
  for (const key of ofTexts) {
    const { value, problems: ofKey } = textsIn(key, fields.get(key), path);
    problems.push(...ofKey);
    if (fields.has(key)) fields.set(key, value);
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
