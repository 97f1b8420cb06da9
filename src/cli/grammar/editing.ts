/** The commands that edit the configuration. */

import type { AddingFlags } from '../commands/editing/add.ts';
import type { FileFlags } from '../commands/editing/offline.ts';
import type { ConnectionFlags } from '../connection.ts';
import { examplesOf } from '../screen/help.ts';
import { connected, type Registration } from './registration.ts';

const collect = (value: string, before: readonly string[] = []) => [...before, value];

export function addAdd({ program, invocation, run }: Registration): void {
  // Its --url is that of the server: a control plane elsewhere is named by MCPVISOR_URL.
  program
    .command('add')
    .description('add a server to the configuration file, or several that were pasted')
    .argument('<name>', 'of the server; -: JSON from stdin, as any program has it')
    .argument('[command...]', 'behind --: what starts it')
    .option('--state-dir <dir>', 'state directory of the control plane (default: as for up)')
    .option('--url <url>', 'where the server is, in place of a command; a control plane elsewhere: MCPVISOR_URL')
    .option('--header <header>', '"NAME: VALUE" that is sent there; may be repeated', collect)
    .option('--env <pair>', 'NAME=VALUE in the environment of its process; may be repeated', collect)
    .option('--cwd <dir>', 'folder of its process (default: that of the configuration)')
    .option('--json', 'for programs')
    .option('--stored', 'into the store of the control plane, not into the file')
    .option('--config <file>', 'the file, where no control plane runs (default: as for up)')
    .addHelpText('after', examplesOf('add'))
    .action(async (name: string, words: readonly string[], flags: AddingFlags) => {
      const { add } = await import('../commands/editing/add.ts');
      await run(add({ name, words }, flags, invocation));
    });
}

export function addRemove({ program, invocation, run }: Registration): void {
  connected(program.command('remove'))
    .description('stop servers and remove them from the configuration, all or none')
    .argument('<name...>', 'the servers')
    .option('--config <file>', 'the file, where no control plane runs (default: as for up)')
    .addHelpText('after', examplesOf('remove'))
    .action(async (names: readonly string[], flags: ConnectionFlags & FileFlags) => {
      const { remove } = await import('../commands/editing/remove.ts');
      await run(remove(names, flags, invocation));
    });
}

export function addVersions({ program, invocation, run }: Registration): void {
  connected(program.command('versions'))
    .description('list the versions of the configuration: when, by whom, and what was changed')
    .option('--tail <number>', 'how many, the newest first (default: 20)')
    .addHelpText('after', examplesOf('versions'))
    .action(async (flags: ConnectionFlags) => {
      const { versions } = await import('../commands/editing/versions.ts');
      await run(versions(flags, invocation));
    });
}

export function addRollback({ program, invocation, run }: Registration): void {
  connected(program.command('rollback'))
    .description('undo every change of the configuration after a version')
    .argument('<version>', 'its number, as versions lists it')
    .addHelpText('after', examplesOf('rollback'))
    .action(async (version: string, flags: ConnectionFlags) => {
      const { rollback } = await import('../commands/editing/versions.ts');
      await run(rollback(version, flags, invocation));
    });
}
