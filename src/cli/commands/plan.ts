/** `mcpvisor plan`: what another configuration would do to the running servers; changes nothing. */

import { resolve } from 'node:path';
import { loadConfig } from '../../config/parse.ts';
import { describePlan } from '../../config/plan/describe.ts';
import { McpvisorError } from '../../errors.ts';
import { planSchema } from '../../http/schemas/configuration.ts';
import { configCandidates, findConfigFile } from '../config-file.ts';
import { type Connection, type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';

/** `file` null: the one that the control plane was started with, as it is now; else the one `up` would use. */
export async function plan(file: string | null, flags: ConnectionFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout } = invocation;
  const connection = await connect(flags, invocation);
  const path = await pathOf(file, connection, invocation);
  const { config, problems } = await loadConfig(path);
  if (config === null || config.refused.size > 0) throw new McpvisorError('CONFIG_INVALID', { file: path, problems });
  const answer = await connection.client.post('/api/config/plan', planSchema, { body: { config: config.source } });
  const lines = [`With ${path}:`, ...describePlan(answer)];
  stdout.write(
    flags.json === true
      ? `${JSON.stringify({ file: path, plan: answer })}\n`
      : lines.map((line) => `${line}\n`).join(''),
  );
  return exitCodes.done;
}

async function pathOf(file: string | null, { local }: Connection, invocation: Invocation): Promise<string> {
  if (file !== null) return resolve(invocation.cwd, file);
  const given = invocation.env.MCPVISOR_CONFIG ?? '';
  if (given !== '') return resolve(invocation.cwd, given);
  const found = local?.address.config ?? (await findConfigFile(invocation));
  if (found === null)
    throw new McpvisorError('CONFIG_UNREADABLE', { file: configCandidates(invocation).join(' or '), reason: null });
  return found;
}
