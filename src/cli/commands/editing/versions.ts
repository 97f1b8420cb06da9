/** `mcpvisor versions` and `mcpvisor rollback`: what the configuration was, and back to it. */

import type * as z from 'zod';
import { describePlan } from '../../../config/plan/describe.ts';
import { edited, versionsPage } from '../../../http/schemas/configuration.ts';
import { toNameList } from '../../../names.ts';
import { type ConnectionFlags, connect } from '../../connection.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { toText } from '../../screen/drawn.ts';
import { parseWhole } from '../../screen/number-options.ts';
import { type Column, toTable } from '../../screen/table.ts';
import { terminalOf } from '../../screen/terminal.ts';

type Version = z.output<typeof versionsPage>['versions'][number];

const mostVersions = 1_000;

const columns: readonly Column<Version>[] = [
  { title: 'VERSION', of: ({ version }) => String(version), align: 'right' },
  { title: 'AT', of: ({ at }) => at },
  { title: 'BY', of: ({ by }) => by },
  { title: 'WHERE', of: ({ changes }) => toNameList([...new Set(changes.map(({ source }) => source))]) },
  { title: 'WHAT', of: ({ summary }) => summary },
];

/** `tail`: how many. */
export async function versions(
  flags: ConnectionFlags & { readonly tail?: string },
  invocation: Invocation,
): Promise<ExitCode> {
  const { stdout, env } = invocation;
  const limit = flags.tail === undefined ? 20 : parseWhole(flags.tail, { option: '--tail', min: 1, max: mostVersions });
  const { client } = await connect(flags, invocation);
  const page = await client.get('/api/config/versions', versionsPage, { query: { limit } });
  if (flags.json === true) stdout.write(`${JSON.stringify(page)}\n`);
  else if (page.versions.length === 0) stdout.write('There is no version yet.\n');
  else stdout.draw(toText(toTable(columns, page.versions, terminalOf(stdout, env))));
  return exitCodes.done;
}

export async function rollback(word: string, flags: ConnectionFlags, invocation: Invocation): Promise<ExitCode> {
  const version = parseWhole(word, { option: 'VERSION', max: Number.MAX_SAFE_INTEGER });
  const { client } = await connect(flags, invocation);
  const { version: now, ...plan } = await client.post('/api/config/rollback', edited, { body: { version } });
  const lines = [`The configuration is as in version ${version}; this is version ${now}.`, ...describePlan(plan)];
  invocation.stdout.write(
    flags.json === true ? `${JSON.stringify({ version: now, plan })}\n` : lines.map((line) => `${line}\n`).join(''),
  );
  return exitCodes.done;
}
