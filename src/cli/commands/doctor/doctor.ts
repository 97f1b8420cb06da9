/** `mcpvisor doctor`: looks for the usual problems, and says what to do about each. Works without a control plane. */

import { resolve } from 'node:path';
import { isAlive } from '../../../session/process/identity.ts';
import { findRunning } from '../../../state-directory/running.ts';
import { findConfigFile } from '../../config-file.ts';
import { type ConnectionFlags, connect, stateDirectoryOf } from '../../connection.ts';
import { type ExitCode, exitCodes } from '../../exit-code.ts';
import type { Invocation } from '../../invocation.ts';
import { drawn, shown } from '../../screen/drawn.ts';
import { oneLine, terminalOf } from '../../screen/terminal.ts';
import { toUpSettings, type UpFlags } from '../up/settings.ts';
import { checkConfiguration } from './configuration.ts';
import type { Finding } from './finding.ts';
import { checkMachine } from './machine.ts';
import { checkPort } from './port.ts';
import { checkRunning } from './running.ts';
import { checkState } from './state-files.ts';

export interface DoctorFlags extends ConnectionFlags, Pick<UpFlags, 'config' | 'host' | 'port'> {}

const formats = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

export async function doctor(flags: DoctorFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout, env } = invocation;
  const findings = await findingsOf(flags, invocation);
  if (flags.json === true) stdout.write(`${JSON.stringify({ findings })}\n`);
  else {
    const { paint } = terminalOf(stdout, env);
    for (const { check, level, message, advice } of findings) {
      stdout.draw(drawn`${paint(formats[level], level.padEnd(7))}  ${shown(oneLine(`${check}: ${message}`))}\n`);
      if (advice !== null) stdout.write(`         → ${oneLine(advice)}\n`);
    }
  }
  return findings.some(({ level }) => level === 'problem') ? exitCodes.failed : exitCodes.done;
}

async function findingsOf(flags: DoctorFlags, invocation: Invocation): Promise<readonly Finding[]> {
  const { env, uid, cwd } = invocation;
  const stateDir = await stateDirectoryOf(flags, invocation);
  const running = await findRunning(stateDir, isAlive);
  const { config, host, port } = toUpSettings({ flags: settingsIn(flags), env, isTerminal: false });
  const known = running.state === 'running' ? running.address.config : null;
  const file = config === null ? (known ?? (await findConfigFile(invocation))) : resolve(cwd, config);
  return [
    ...checkMachine(invocation),
    ...(await checkState({ stateDir, uid, running })),
    await checkPort({ host, port, running }),
    ...(await checkConfiguration({ file, stateDir, env })),
    ...(running.state === 'running'
      ? await checkRunning(async () => (await connect({ ...flags, stateDir }, invocation)).client)
      : []),
  ];
}

function settingsIn({ config, host, port }: DoctorFlags): UpFlags {
  return {
    ...(config !== undefined && { config }),
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
  };
}
