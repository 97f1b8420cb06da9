/** `mcpvisor secret`: what `${secret:NAME}` stands for, kept in the state directory. No control plane has to run. */

import { text } from 'node:stream/consumers';
import { isSecretName } from '../../../config/expand/expression.ts';
import { McpvisorError } from '../../../errors.ts';
import { openStateDirectory } from '../../../state-directory/directory.ts';
import { dropSecret, keepSecret, requireSecrets } from '../../../state-directory/secrets-file.ts';
import { type ConnectionFlags, stateDirectoryOf } from '../../connection.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { askHidden, isTerminal } from '../../screen/question.ts';

export type SecretFlags = Pick<ConnectionFlags, 'stateDir' | 'json'>;

export interface SecretWords {
  readonly action: 'set' | 'list' | 'remove';
  readonly name: string | null;
}

export async function secret(
  { action, name }: SecretWords,
  flags: SecretFlags,
  invocation: Invocation,
): Promise<ExitCode> {
  const stateDir = await stateDirectoryOf(flags, invocation);
  const say = (document: object, lines: readonly string[]) =>
    invocation.stdout.write(
      flags.json === true ? `${JSON.stringify(document)}\n` : lines.map((line) => `${line}\n`).join(''),
    );
  if (action === 'list') {
    if (name !== null) throw refusal('takes no name', null);
    const names = [...requireSecrets(stateDir).keys()].sort();
    say({ secrets: names }, names);
    return exitCodes.done;
  }
  const known = nameOf(name);
  if (action === 'remove') {
    const isGone = await dropSecret(stateDir, known);
    if (isGone) say({ removed: known }, [`The secret ${known} is removed.`]);
    else invocation.stderr.write(`There is no secret ${known}.\n`);
    return isGone ? exitCodes.done : exitCodes.failed;
  }
  const value = await secretFor(known, invocation);
  await openStateDirectory(stateDir, invocation.uid);
  await keepSecret(stateDir, known, value);
  say({ set: known }, [
    `The secret ${known} is set. Servers that lack it start by themselves; those that run have it after a restart.`,
  ]);
  return exitCodes.done;
}

/** Throws `INVALID_REQUEST`. */
function nameOf(name: string | null): string {
  if (name === null) throw refusal('needs a name', 'mcpvisor secret set NAME');
  if (!isSecretName(name))
    throw refusal(
      'is not the name of a secret',
      'letters, digits, ".", "_" and "-", at most 64, beginning with a letter or digit; the value is asked for, or read from stdin',
    );
  return name;
}

/** Never from the arguments, which every list of processes shows. One line break at its end is not part of it. */
async function secretFor(name: string, invocation: Invocation): Promise<string> {
  const { stdin } = invocation;
  const given = isTerminal(stdin) ? await askHidden(`Value of ${name}: `, invocation) : await text(stdin);
  const value = (given ?? '').replace(/\r?\n$/, '');
  if (value === '') throw refusal('was given no value', 'type it, or pipe it in: mcpvisor secret set NAME < file');
  if (value.includes('\0')) throw refusal('was given a value with a NUL character', null);
  return value;
}

function refusal(message: string, hint: string | null): McpvisorError {
  return new McpvisorError('INVALID_REQUEST', { problems: [{ path: 'secret', message, hint, severity: 'error' }] });
}
