/** The command line: words in, one exit code out. */

import { Command, CommanderError } from 'commander';
import { McpvisorError } from '../errors.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { addCommands } from './grammar/commands.ts';
import type { Invocation } from './invocation.ts';
import { writeError } from './screen/error-output.ts';
import { generalHelp } from './screen/help.ts';

/** Runs one command and returns its exit code; never rejects. */
export async function runCommandLine(invocation: Invocation): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  const { argv, stderr } = invocation;
  const asJson = argv.includes('--json');
  const program = createProgram(invocation, asJson);
  addCommands({
    program,
    invocation,
    run: async (command) => {
      exitCode = await command;
    },
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done;
      const advice = adviceOn(error, argv);
      if (asJson) return writeError(usageError(error, advice ?? 'see mcpvisor --help'), stderr, asJson);
      if (advice !== null) stderr.write(`(${advice})\n`);
      return exitCodes.usage;
    }
    return writeError(error, stderr, asJson);
  }
}

/** Other programs take some options before the command: what to write instead; null: that is not the mistake. */
function adviceOn({ code }: CommanderError, [first = '']: readonly string[]): string | null {
  const isBeforeCommand = code === 'commander.unknownOption' && first.startsWith('-');
  return isBeforeCommand ? 'Options come after the command: mcpvisor status --state-dir DIR' : null;
}

function usageError({ message }: CommanderError, hint: string): McpvisorError {
  const problem = {
    path: '',
    message: message.replace(/^error: /, ''),
    hint,
    severity: 'error',
  } as const;
  return new McpvisorError('INVALID_REQUEST', { problems: [problem] });
}

/** `asJson`: usage errors are printed as problem documents instead of text. */
function createProgram({ stdout, stderr, version }: Invocation, asJson: boolean): Command {
  return new Command('mcpvisor')
    .description('Keeps MCP servers alive and tells the truth about them.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: stdout.write,
      writeErr: asJson ? () => undefined : stderr.write,
    })
    .showSuggestionAfterError()
    .addHelpText('after', generalHelp);
}
