/**
 * `mcpvisor approve`: lets a specification run that came through the API. It writes a file of the state directory:
 * approving needs a shell on the machine, not a token.
 */

import { McpvisorError } from '../../../errors.ts';
import { server, serverList } from '../../../http/schemas/server.ts';
import { toWords } from '../../../names.ts';
import { addApproval } from '../../../state-directory/approvals-file.ts';
import type { PendingApproval } from '../../../supervisor/contract.ts';
import { type ConnectionFlags, connect } from '../../connection.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { askYes, isTerminal } from '../../screen/question.ts';
import { oneLine } from '../../screen/terminal.ts';

export interface ApproveFlags extends ConnectionFlags {
  readonly yes?: boolean;
}

interface Waiting extends PendingApproval {
  readonly name: string;
}

/** `name` null: lists what waits. */
export async function approve(name: string | null, flags: ApproveFlags, invocation: Invocation): Promise<ExitCode> {
  const { client, local } = await connect(flags, invocation);
  if (local === null) throw refusal('--url', 'approving needs a shell on the machine of the control plane', null);
  const say = ({ document, lines }: Told) => {
    invocation.stdout.write(flags.json === true ? `${JSON.stringify(document)}\n` : toText(lines));
    return exitCodes.done;
  };
  if (name === null) return say(listOf((await client.get('/api/servers', serverList)).servers.flatMap(waitingOf)));
  const [waiting] = waitingOf(await client.get(`/api/servers/${encodeURIComponent(name)}`, server));
  if (waiting === undefined)
    return say({ document: { name, approved: null }, lines: [`${toWords(name)} waits for no approval.`] });
  if (flags.yes !== true && !(await isAgreed(waiting, invocation))) return exitCodes.rejected;
  const { hash, commandLine } = waiting;
  await addApproval(local.stateDir, hash, { server: name, commandLine, approvedAt: new Date().toISOString() });
  return say({
    document: { name, approved: { hash, commandLine } },
    lines: [`Approved for ${toWords(name)}:`, ...linesOf(waiting)],
  });
}

/** What is printed: for programs, and for people. */
interface Told {
  readonly document: object;
  readonly lines: readonly string[];
}

interface Shown {
  readonly name: string;
  readonly approval: PendingApproval | null;
}

function waitingOf({ name, approval }: Shown): readonly Waiting[] {
  return approval === null ? [] : [{ name, ...approval }];
}

/** Throws `INVALID_REQUEST` if there is nobody to ask. */
async function isAgreed(waiting: Waiting, invocation: Invocation): Promise<boolean> {
  if (!isTerminal(invocation.stdin))
    throw refusal('--yes', 'is needed where there is no terminal to ask on', 'mcpvisor approve shows what waits');
  const what = [`${toWords(waiting.name)} came through the API. It would run:`, ...linesOf(waiting)];
  invocation.stderr.write(toText(what));
  return await askYes('Approve it? [y/N] ', invocation);
}

function listOf(waiting: readonly Waiting[]): Told {
  const lines = waiting.flatMap((one) => [`${toWords(one.name)}:`, ...linesOf(one)]);
  return { document: { waiting }, lines: lines.length === 0 ? ['Nothing waits for approval.'] : lines };
}

function linesOf({ hash, commandLine }: PendingApproval): readonly string[] {
  return [`  ${oneLine(commandLine)}`, `  ${hash}`];
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function refusal(path: string, message: string, hint: string | null): McpvisorError {
  return new McpvisorError('INVALID_REQUEST', { problems: [{ path, message, hint, severity: 'error' }] });
}
