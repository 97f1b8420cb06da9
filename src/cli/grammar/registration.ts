/** What each command is added to, and the options of those that talk to a control plane. */

import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';

export interface Registration {
  readonly program: Command;
  readonly invocation: Invocation;
  /** Takes the exit code of the command that was chosen. */
  readonly run: (command: Promise<ExitCode>) => Promise<void>;
}

/** Adds the options of every command that talks to a control plane. */
export function connected(command: Command): Command {
  return command
    .option('--state-dir <dir>', 'state directory of the control plane (default: as for up)')
    .option('--url <url>', 'a control plane elsewhere; MCPVISOR_URL')
    .option('--token <token>', 'its bearer token; better MCPVISOR_TOKEN, which no list of processes shows')
    .option('--json', 'for programs');
}
