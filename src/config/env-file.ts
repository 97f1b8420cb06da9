/** Files of `KEY=VALUE` lines: comments, quotes, `export`, and text over several lines in double quotes. */

import { parseEnv } from 'node:util';

/** Values are taken as they are: no `${…}` in them is expanded. */
export function parseEnvFile(text: string): ReadonlyMap<string, string> {
  const content = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  // The platform's parser keeps white space before a name.
  const entries = Object.entries(parseEnv(content)).map(([name, value]): [string, string] => [name.trim(), value ?? '']);
  return new Map(entries.filter(([name]) => name !== ''));
}
