/** `mcpvisor add`: servers into the configuration file, or into the store. */

import { text as textOf } from 'node:stream/consumers';
import { describePlan } from '../../../config/plan/describe.ts';
import { addedAll } from '../../../http/schemas/configuration.ts';
import { toWords } from '../../../names.ts';
import type { ConnectionFlags } from '../../connection.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { toLines } from '../../screen/error-output.ts';
import { type AddFlags, entryOf, pastedEntries } from './entry.ts';
import { type Added, addToFile } from './file.ts';
import { connectedOrNot, type FileFlags } from './offline.ts';

/** `url` is that of the server, not of a control plane. */
export interface AddingFlags extends Pick<ConnectionFlags, 'stateDir' | 'json'>, AddFlags, FileFlags {
  /** Into the store. */
  readonly stored?: boolean;
}

/** In place of a name: what is added comes from stdin. */
const fromStdin = '-';

/** `words`: the command and its arguments. */
export async function add(
  { name, words }: { readonly name: string; readonly words: readonly string[] },
  flags: AddingFlags,
  invocation: Invocation,
): Promise<ExitCode> {
  const isPasted = name === fromStdin && words.length === 0 && flags.url === undefined;
  const servers = isPasted
    ? pastedEntries(await textOf(invocation.stdin))
    : Object.fromEntries([[name, entryOf(words, flags)]]);
  const { url: _, ...own } = flags;
  const connection = await connectedOrNot(own, invocation, { needsStore: flags.stored === true });
  if (connection === null) return write(await addToFile(servers, own, invocation), flags, invocation);
  const query = { to: flags.stored === true ? 'store' : 'file' };
  const answer = await connection.client.post('/api/servers', addedAll, { query, body: { mcpServers: servers } });
  return write({ file: null, ...answer }, flags, invocation);
}

function write({ file, ...added }: Added, { json }: ConnectionFlags, { stdout, stderr }: Invocation): ExitCode {
  const refused = added.results.filter(({ outcome }) => outcome === 'refused');
  const exitCode = refused.length === 0 ? exitCodes.done : exitCodes.failed;
  if (json === true) {
    stdout.write(`${JSON.stringify({ ...added, file })}\n`);
    return exitCode;
  }
  for (const { name, outcome, problems } of added.results) {
    const screen = outcome === 'added' ? stdout : stderr;
    screen.write(`${toWords(name)} ${outcome === 'added' ? 'is added' : 'is refused'}\n`);
    stderr.write(toLines(problems));
  }
  const lines = file === null ? describePlan({ ...added.plan, warnings: [] }) : [laterIn(file)];
  stdout.write(lines.map((line) => `${line}\n`).join(''));
  return exitCode;
}

export function laterIn(file: string): string {
  return `No control plane runs: ${file} was edited, and holds from the next "mcpvisor up" on.`;
}
