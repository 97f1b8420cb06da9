/** The command that makes a shell complete, and the hidden one that the shell then asks. */

import { Argument } from 'commander';
import { examplesOf } from '../screen/help.ts';
import type { Registration } from './registration.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

export function addCompletion({ program, invocation, run }: Registration): void {
  program
    .command('completion')
    .description('print what makes a shell complete our commands and the names of servers')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .addHelpText('after', examplesOf('completion'))
    .action(async (shell: (typeof shells)[number]) => {
      const { completion } = await import('../commands/completion/completion.ts');
      await run(Promise.resolve(completion(shell, invocation)));
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const { complete } = await import('../commands/completion/completion.ts');
      const known = program.commands.map((command) => ({
        name: command.name(),
        options: command.options.map(({ long }) => long ?? ''),
      }));
      await run(
        complete(
          words,
          known.filter(({ name }) => name !== 'complete'),
          invocation,
        ),
      );
    });
}
