/** `mcpvisor remove`: servers out of where they live; all of them or none. */

import { describePlan } from '../../../config/plan/describe.ts';
import { edited } from '../../../http/schemas/configuration.ts';
import { toWords } from '../../../names.ts';
import type { ConnectionFlags } from '../../connection.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { laterIn } from './add.ts';
import { removeFromFile } from './file.ts';
import { connectedOrNot, type FileFlags } from './offline.ts';

export async function remove(
  names: readonly string[],
  flags: ConnectionFlags & FileFlags,
  invocation: Invocation,
): Promise<ExitCode> {
  const { stdout } = invocation;
  const connection = await connectedOrNot(flags, invocation, { needsStore: false });
  const removed =
    connection === null
      ? { ...(await removeFromFile(names, flags, invocation)), version: null }
      : toRemoved(await connection.client.delete('/api/servers', edited, { body: { names } }));
  if (flags.json === true) {
    stdout.write(`${JSON.stringify(removed)}\n`);
    return exitCodes.done;
  }
  const { file, plan } = removed;
  const lines = file === null ? describePlan(plan) : [laterIn(file)];
  stdout.write([...names.map((name) => `${toWords(name)} is removed`), ...lines].map((line) => `${line}\n`).join(''));
  return exitCodes.done;
}

function toRemoved({ version, ...plan }: ReturnType<typeof edited.parse>) {
  return { file: null, version, plan };
}
