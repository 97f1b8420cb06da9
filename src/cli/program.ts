/** The command line: words in, one exit code out. */

import { Command, CommanderError } from 'commander';
import { check } from './check.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import type { Invocation } from './invocation.ts';
import { tellError } from './tell.ts';
import { logFormats, logLevels, type UpFlags } from './up-settings.ts';

const examples = `
Examples:
  mcpvisor up                            start the servers of ./mcp.json and stay in the foreground
  mcpvisor up --config fleet.json --port 0
  mcpvisor check                         look for mistakes in ./mcp.json, offline
  mcpvisor check fleet.json --json

Exit codes: 0 done, 1 failed, 2 usage, 3 no control plane running, 4 no such server or tool,
            5 rejected or timed out, 6 already running, 7 the tool answered isError`;

const upExamples = `
Each option can also be given as an environment variable, --state-dir as MCPVISOR_STATE_DIR and so on; options win.

Examples:
  mcpvisor up
  mcpvisor up --config fleet.json --state-dir ./.mcpvisor --port 0
  MCPVISOR_LOG_FORMAT=json mcpvisor up`;

const checkExamples = `
Examples:
  mcpvisor check
  mcpvisor check fleet.json --json`;

/** Runs one command and returns its exit code; never rejects. */
export async function runCommandLine(invocation: Invocation): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  const { argv, stderr } = invocation;
  const program = createProgram(invocation, async (command) => {
    exitCode = await command;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    }
    return tellError(error, stderr, argv.includes('--json'));
  }
}

function createProgram(invocation: Invocation, run: (command: Promise<ExitCode>) => Promise<void>): Command {
  const { stdout, stderr, version } = invocation;
  const program = new Command('mcpvisor')
    .description('Keeps MCP servers alive and tells the truth about them.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) })
    .showSuggestionAfterError()
    .addHelpText('after', examples);
  addUp(program).action(async (flags: UpFlags) => {
    // Loaded when it is wanted: the other commands answer sooner without all that a control plane is made of.
    const { up } = await import('./up.ts');
    await run(up(flags, invocation));
  });
  addCheck(program).action((file: string | undefined, flags: { readonly json?: boolean }) => run(check(file ?? null, flags.json === true, invocation)));
  return program;
}

function addUp(program: Command): Command {
  return program
    .command('up')
    .description('start the servers of a configuration and keep them running, in the foreground')
    .option('--config <file>', 'configuration (default: ./mcp.json, else $XDG_CONFIG_HOME/mcpvisor/mcp.json)')
    .option('--state-dir <dir>', 'lock, tokens and address (default: the nearest .mcpvisor/ upward, else $XDG_STATE_HOME/mcpvisor)')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on, 0 for any free one (default: 4780)')
    .option('--store <uri>', 'where the state is kept: memory: (default: memory:)')
    .option('--isolation <kind>', 'where sessions are held: in-process (default: in-process)')
    .option('--log-level <level>', `${logLevels.join(', ')} (default: info)`)
    .option('--log-format <format>', `${logFormats.join(' or ')} (default: pretty on a terminal, else json)`)
    .option('--server-logs <choice>', "on or off: whether the servers' stderr is in the log, too, when that is JSON or in full detail (default: on)")
    .option('--detach', 'not available in this version')
    .option('--insecure-bind', 'listen on an address that other machines can reach, without encryption')
    .option('--token-file <file>', 'file with the bearer token of the API (default: "token" in the state directory)')
    .addHelpText('after', upExamples);
}

function addCheck(program: Command): Command {
  return program
    .command('check')
    .description('look for mistakes in a configuration, offline, and say what it would start')
    .argument('[file]', 'configuration (default: as for up)')
    .option('--json', 'for programs')
    .addHelpText('after', checkExamples);
}
