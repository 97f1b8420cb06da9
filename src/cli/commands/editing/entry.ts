/** What `mcpvisor add` is to add: from the words of the command line, or from what was pasted. */

import { fragmentOf } from '../../../config/foreign/fragment.ts';
import { McpvisorError } from '../../../errors.ts';

export interface AddFlags {
  readonly url?: string;
  readonly header?: readonly string[];
  readonly env?: readonly string[];
  readonly cwd?: string;
}

type Entry = Readonly<Record<string, unknown>>;

/** A new entry. `words`: the command and its arguments. Throws `INVALID_REQUEST`. */
export function entryOf(words: readonly string[], { url, header = [], env = [], cwd }: AddFlags): Entry {
  const [command, ...args] = words;
  if ((command === undefined) === (url === undefined))
    throw refuse('', command === undefined ? 'what is to be added?' : 'a command and --url exclude each other', usage);
  if (url !== undefined) {
    if (env.length > 0 || cwd !== undefined) throw refuse(env.length > 0 ? '--env' : '--cwd', noProcess, null);
    return { url, ...(header.length > 0 && { headers: pairs(header, { option: '--header', separator: ':' }) }) };
  }
  if (header.length > 0) throw refuse('--header', 'is for servers with --url', null);
  return {
    command,
    ...(args.length > 0 && { args }),
    ...(env.length > 0 && { env: pairs(env, { option: '--env', separator: '=' }) }),
    ...(cwd !== undefined && { cwd }),
  };
}

const usage = 'mcpvisor add NAME -- COMMAND ARGS…, mcpvisor add NAME --url URL, or mcpvisor add - with JSON on stdin';
const noProcess = 'is for servers that are a process here';

interface Separated {
  readonly option: string;
  readonly separator: string;
}

function pairs(texts: readonly string[], { option, separator }: Separated): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf(separator);
      // The text may be a secret: it is not repeated.
      if (at < 1) throw refuse(option, `has no "${separator}" behind a name`, `NAME${separator}VALUE`);
      return [text.slice(0, at).trim(), separator === ':' ? text.slice(at + 1).trim() : text.slice(at + 1)];
    }),
  );
}

/** Servers in a text of JSON, by name. Throws `INVALID_REQUEST`. */
export function pastedEntries(text: string): Entry {
  const { servers, problems } = fragmentOf(text);
  if (servers.size === 0) throw new McpvisorError('INVALID_REQUEST', { problems });
  return Object.fromEntries(servers);
}

function refuse(path: string, message: string, hint: string | null): McpvisorError {
  return new McpvisorError('INVALID_REQUEST', { problems: [{ path, message, hint, severity: 'error' }] });
}
