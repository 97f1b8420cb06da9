/** `mcpvisor check`: every mistake of a configuration, or what it would do. */

import { resolve } from 'node:path';
import { loadConfig } from '../../config/parse.ts';
import { describePlan } from '../../config/plan/describe.ts';
import { planOf } from '../../config/plan/plan.ts';
import { McpvisorError } from '../../errors.ts';
import { toNameList } from '../../names.ts';
import { configCandidates, findConfigFile } from '../config-file.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';
import { toLines, writeError } from '../screen/error-output.ts';

/** `file` null: the one `up` would use. */
export async function check(file: string | null, asJson: boolean, invocation: Invocation): Promise<ExitCode> {
  const { cwd, env, stdout, stderr } = invocation;
  const given = file ?? env.MCPVISOR_CONFIG ?? '';
  const path = given === '' ? await findConfigFile(invocation) : resolve(cwd, given);
  if (path === null) {
    throw new McpvisorError('CONFIG_UNREADABLE', { file: configCandidates(invocation).join(' or '), reason: null });
  }
  const { config, problems } = await loadConfig(path);
  if (config === null || (asJson && config.refused.size > 0)) {
    if (asJson) {
      return writeError(new McpvisorError('CONFIG_INVALID', { file: path, problems }), stderr, asJson);
    }
    stderr.write(toLines(problems));
    return exitCodes.failed;
  }
  if (config.refused.size > 0) {
    stderr.write(toLines(problems));
    stderr.write(
      `Refused: ${toNameList([...config.refused.keys()])}. The other entries are sound and would be started.\n`,
    );
    return exitCodes.failed;
  }
  const plan = planOf(null, config);
  if (asJson) {
    stdout.write(`${JSON.stringify({ file: path, plan })}\n`);
    return exitCodes.done;
  }
  stdout.write([`${path} is valid.`, ...describePlan(plan)].map((line) => `${line}\n`).join(''));
  return exitCodes.done;
}
