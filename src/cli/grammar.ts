/**
 * Every command: its arguments, its options, its help. Its code is loaded when it runs, so that each starts quickly.
 */

import { Argument, type Command } from 'commander';
import { logFormats, logLevels, type UpFlags } from './commands/up/settings.ts';
import type { ConnectionFlags } from './connection.ts';
import type { ExitCode } from './exit-code.ts';
import type { Invocation } from './invocation.ts';
import { examplesOf } from './screen/help.ts';

export interface Registration {
  readonly program: Command;
  readonly invocation: Invocation;
  /** Takes the exit code of the command that was chosen. */
  readonly run: (command: Promise<ExitCode>) => Promise<void>;
}

const shells = ['bash', 'zsh', 'fish'] as const;
const verbs = {
  start: 'start servers; done when they are connected',
  stop: 'stop servers; done when nothing of them is left',
  restart: 'end servers and start them again',
  retry: 'try again now what waits for its next try or for a person',
  reset: 'forgive past failures; a failed server goes to idle',
} as const;

export function addCommands(registration: Registration): void {
  addUp(registration);
  addDown(registration);
  addStatus(registration);
  for (const [verb, description] of Object.entries(verbs))
    addVerb(registration, verb as keyof typeof verbs, description);
  addEnsure(registration);
  addTools(registration);
  addCall(registration);
  addLogs(registration);
  addEvents(registration);
  addPlan(registration);
  addCheck(registration);
  addDoctor(registration);
  addOpen(registration);
  addCompletion(registration);
}

/** Adds the options of every command that talks to a control plane. */
function connected(command: Command): Command {
  return command
    .option('--state-dir <dir>', 'state directory of the control plane (default: as for up)')
    .option('--url <url>', 'a control plane elsewhere; MCPVISOR_URL')
    .option('--token <token>', 'its bearer token; better MCPVISOR_TOKEN, which no list of processes shows')
    .option('--json', 'for programs');
}

function addUp({ program, invocation, run }: Registration): void {
  program
    .command('up')
    .description(
      'start the servers of a configuration and keep them running, in the foreground or with --detach behind it',
    )
    .option('--config <file>', 'configuration (default: ./mcp.json, else $XDG_CONFIG_HOME/mcpvisor/mcp.json)')
    .option(
      '--state-dir <dir>',
      'lock, tokens and address (default: the nearest .mcpvisor/ upward, else $XDG_STATE_HOME/mcpvisor)',
    )
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on, 0 for any free one (default: 4780)')
    .option('--store <uri>', 'where the state is kept: memory: (default: memory:)')
    .option('--isolation <kind>', 'where sessions are held: in-process (default: in-process)')
    .option('--log-level <level>', `${logLevels.join(', ')} (default: info)`)
    .option('--log-format <format>', `${logFormats.join(' or ')} (default: pretty on a terminal, else json)`)
    .option(
      '--server-logs <choice>',
      "on or off: whether the servers' stderr is in the log, too, when that is JSON or in full detail (default: on)",
    )
    .option('--detach', 'go on in the background, with the log in logs/mcpvisor.log of the state directory')
    .option('--insecure-bind', 'listen on an address that other machines can reach, without encryption')
    .option('--token-file <file>', 'file with the bearer token of the API (default: "token" in the state directory)')
    .option('--json', 'for programs: with --detach where it is, and errors as problem documents')
    .addHelpText('after', examplesOf('up'))
    .action(async (flags: UpFlags) => {
      const { up } = await import('./commands/up/up.ts');
      await run(up(flags, invocation));
    });
}

function addDown({ program, invocation, run }: Registration): void {
  connected(program.command('down'))
    .description('end every server and the control plane, and wait until it is gone')
    .option('--timeout <ms>', 'how long to wait (default: 60000)')
    .addHelpText('after', examplesOf('down'))
    .action(async (flags: ConnectionFlags) => {
      const { down } = await import('./commands/down.ts');
      await run(down(flags, invocation));
    });
}

function addStatus({ program, invocation, run }: Registration): void {
  connected(program.command('status'))
    .description('show where every server is')
    .option('--tree', 'every actor, below the one that started it')
    .option('--watch', 'again with each change, until Ctrl-C')
    .addHelpText('after', examplesOf('status'))
    .action(async (flags: ConnectionFlags) => {
      const { status } = await import('./commands/status.ts');
      await run(status(flags, invocation));
    });
}

function addVerb({ program, invocation, run }: Registration, verb: keyof typeof verbs, description: string): void {
  connected(program.command(verb))
    .description(description)
    .argument('[name...]', 'servers, or group:NAME')
    .option('--all', 'every server')
    .option('--no-wait', 'do not wait until it has settled')
    .option('--timeout <ms>', 'how long to wait, at most 240000 (default: 120000)')
    .addHelpText('after', examplesOf(verb))
    .action(async (words: readonly string[], flags: ConnectionFlags) => {
      const { command } = await import('./commands/verbs.ts');
      await run(command(verb, { words, flags }, invocation));
    });
}

function addEnsure({ program, invocation, run }: Registration): void {
  connected(program.command('ensure'))
    .description('wait until servers are connected; starts lazy ones, and waits for what is tried again')
    .argument('<name...>', 'the servers')
    .option('--timeout <ms>', 'how long to wait, at most 240000 (default: 60000)')
    .addHelpText('after', examplesOf('ensure'))
    .action(async (names: readonly string[], flags: ConnectionFlags) => {
      const { ensure } = await import('./commands/ensure.ts');
      await run(ensure(names, flags, invocation));
    });
}

function addTools({ program, invocation, run }: Registration): void {
  connected(program.command('tools'))
    .description('list the tools of a server, or of all')
    .argument('[name]', 'a server')
    .addHelpText('after', examplesOf('tools'))
    .action(async (name: string | undefined, flags: ConnectionFlags) => {
      const { tools } = await import('./commands/tools.ts');
      await run(tools(name ?? null, flags, invocation));
    });
}

function addCall({ program, invocation, run }: Registration): void {
  connected(program.command('call'))
    .description('call a tool and print what it answers; waits for a server that is just starting')
    .argument('<name>', 'the server')
    .argument('<tool>', 'its tool')
    .argument('[arguments...]', 'key=value (typed as the tool describes it), one JSON object, or - for one from stdin')
    .option(
      '--timeout <ms>',
      'how long the call may take (default: callTimeoutMs of the server); a control plane that is silent for 45 s is given up',
    )
    .option('--raw', 'its text byte for byte: control characters are not shown as escapes')
    .addHelpText('after', examplesOf('call'))
    .action(async (...[server, tool, words, flags]: readonly [string, string, readonly string[], ConnectionFlags]) => {
      const { call } = await import('./commands/call/call.ts');
      await run(call({ server, tool, words }, flags, invocation));
    });
}

function addLogs({ program, invocation, run }: Registration): void {
  connected(program.command('logs'))
    .description('show what a server wrote on stderr')
    .argument('<name>', 'the server')
    .option('-f, --follow', 'and what it writes, until Ctrl-C')
    .option('--tail <number>', 'how many lines of the past (default: 100)')
    .addHelpText('after', examplesOf('logs'))
    .action(async (name: string, flags: ConnectionFlags) => {
      const { logs } = await import('./commands/logs.ts');
      await run(logs(name, flags, invocation));
    });
}

function addEvents({ program, invocation, run }: Registration): void {
  const collect = (value: string, before: readonly string[] = []) => [...before, value];
  connected(program.command('events'))
    .description('show the facts: everything that happened, in order')
    .option('-f, --follow', 'and what happens, until Ctrl-C')
    .option('--tail <number>', 'how many facts of the past (default: 100)')
    .option('--actor <id>', 'only of server:NAME, group:NAME or supervisor; may be repeated', collect)
    .option('--type <type>', 'only of this type, as server.failed; may be repeated', collect)
    .addHelpText('after', examplesOf('events'))
    .action(async (flags: ConnectionFlags) => {
      const { events } = await import('./commands/events.ts');
      await run(events(flags, invocation));
    });
}

function addPlan({ program, invocation, run }: Registration): void {
  connected(program.command('plan'))
    .description('say what another configuration would do to the servers that run; changes nothing')
    .argument('[file]', 'configuration (default: that of the control plane, as it is now)')
    .addHelpText('after', examplesOf('plan'))
    .action(async (file: string | undefined, flags: ConnectionFlags) => {
      const { plan } = await import('./commands/plan.ts');
      await run(plan(file ?? null, flags, invocation));
    });
}

function addCheck({ program, invocation, run }: Registration): void {
  program
    .command('check')
    .description('look for mistakes in a configuration, offline, and say what it would start')
    .argument('[file]', 'configuration (default: as for up)')
    .option('--json', 'for programs')
    .addHelpText('after', examplesOf('check'))
    .action(async (file: string | undefined, flags: { readonly json?: boolean }) => {
      const { check } = await import('./commands/check.ts');
      await run(check(file ?? null, flags.json === true, invocation));
    });
}

function addDoctor({ program, invocation, run }: Registration): void {
  program
    .command('doctor')
    .description('look for what usually is wrong, and say what to do about it')
    .option('--config <file>', 'configuration (default: that of the control plane, else as for up)')
    .option('--state-dir <dir>', 'state directory (default: as for up)')
    .option('--host <address>', 'address that up would listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port that up would listen on (default: 4780)')
    .option('--json', 'for programs')
    .addHelpText('after', examplesOf('doctor'))
    .action(async (flags: ConnectionFlags) => {
      const { doctor } = await import('./commands/doctor/doctor.ts');
      await run(doctor(flags, invocation));
    });
}

function addOpen({ program, invocation, run }: Registration): void {
  connected(program.command('open'))
    .description('print where the pages of the control plane are, and open them if there is a display')
    .action(async (flags: ConnectionFlags) => {
      const { open } = await import('./commands/open.ts');
      await run(open(flags, invocation));
    });
}

function addCompletion({ program, invocation, run }: Registration): void {
  program
    .command('completion')
    .description('print what makes a shell complete our commands and the names of servers')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .addHelpText('after', examplesOf('completion'))
    .action(async (shell: (typeof shells)[number]) => {
      const { completion } = await import('./commands/completion/completion.ts');
      await run(Promise.resolve(completion(shell, invocation)));
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const { complete } = await import('./commands/completion/completion.ts');
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
