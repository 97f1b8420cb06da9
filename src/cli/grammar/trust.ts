/** The commands by which a person with a shell on the machine trusts something: a specification, a secret. */

import { Argument } from 'commander';
import type { ApproveFlags } from '../commands/trust/approve.ts';
import type { SecretFlags, SecretWords } from '../commands/trust/secret.ts';
import { examplesOf } from '../screen/help.ts';
import { connected, type Registration } from './registration.ts';

export function addApprove({ program, invocation, run }: Registration): void {
  connected(program.command('approve'))
    .description(
      'let a server run that came through the API, after showing what it runs; without a name, list what waits',
    )
    .argument('[name]', 'the server')
    .option('--yes', 'do not ask')
    .addHelpText('after', examplesOf('approve'))
    .action(async (name: string | undefined, flags: ApproveFlags) => {
      const { approve } = await import('../commands/trust/approve.ts');
      await run(approve(name ?? null, flags, invocation));
    });
}

export function addSecret({ program, invocation, run }: Registration): void {
  program
    .command('secret')
    .description(`keep what \${secret:NAME} stands for; the value is asked for, or read from stdin`)
    .addArgument(new Argument('<action>', 'what to do').choices(['set', 'list', 'remove']))
    .argument('[name]', 'the secret')
    .option('--state-dir <dir>', 'state directory of the control plane (default: as for up)')
    .option('--json', 'for programs')
    .addHelpText('after', examplesOf('secret'))
    .action(async (...[action, name, flags]: readonly [SecretWords['action'], string | undefined, SecretFlags]) => {
      const { secret } = await import('../commands/trust/secret.ts');
      await run(secret({ action, name: name ?? null }, flags, invocation));
    });
}
