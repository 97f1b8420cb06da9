/** `mcpvisor tools`: what servers offer, with the arguments each tool takes. */

import type * as z from 'zod';
import { type tool, toolList } from '../../http/schemas/catalog.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';
import { toText } from '../screen/drawn.ts';
import { type Column, toTable } from '../screen/table.ts';
import { terminalOf } from '../screen/terminal.ts';

type Tool = z.output<typeof tool>;

/** `server` null: the tools of all servers. */
export async function tools(server: string | null, flags: ConnectionFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout, env } = invocation;
  const { client } = await connect(flags, invocation);
  const list = await client.get(
    server === null ? '/api/tools' : `/api/servers/${encodeURIComponent(server)}/tools`,
    toolList,
  );
  const columns: readonly Column<Tool>[] = [
    { title: 'SERVER', of: ({ server: name, stale }) => `${name}${stale ? ' (not connected)' : ''}` },
    { title: 'TOOL', of: ({ name }) => name },
    { title: 'ARGUMENTS', of: argumentsOf },
    {
      title: 'DESCRIPTION',
      of: ({ description }) => (typeof description === 'string' ? (description.split('\n')[0] ?? '') : ''),
    },
  ];
  if (flags.json === true) stdout.write(`${JSON.stringify(list)}\n`);
  else if (list.tools.length === 0) stdout.write('There are no tools.\n');
  else stdout.draw(toText(toTable(columns, list.tools, terminalOf(stdout, env))));
  return exitCodes.done;
}

/** `message [times]`: optional ones in brackets. */
export function argumentsOf({ inputSchema }: Readonly<Record<string, unknown>>): string {
  const { properties = {}, required = [] } = (
    typeof inputSchema === 'object' && inputSchema !== null ? inputSchema : {}
  ) as Readonly<Record<string, unknown>>;
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  const names = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  return names.map((name) => (needed.includes(name) ? name : `[${name}]`)).join(' ') || '-';
}
