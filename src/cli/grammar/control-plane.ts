/** The commands about the control plane itself: its life, its configuration, what may be wrong with it. */

import { logFormats, logLevels, type UpFlags } from '../commands/up/settings.ts';
import type { ConnectionFlags } from '../connection.ts';
import { examplesOf } from '../screen/help.ts';
import { connected, type Registration } from './registration.ts';

export function addUp({ program, invocation, run }: Registration): void {
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
    .option(
      '--store <uri>',
      'what the control plane remembers is kept there: memory:, level:DIR, lmdb:DIR, mongodb://… (default: level:, in the state directory)',
    )
    .option(
      '--isolation <kind>',
      'where sessions are held: process, one of their own that the next control plane takes over, or in-process (default: process)',
    )
    .option('--log-level <level>', `${logLevels.join(', ')} (default: info)`)
    .option('--log-format <format>', `${logFormats.join(' or ')} (default: pretty on a terminal, else json)`)
    .option(
      '--server-logs <choice>',
      "on or off: whether the servers' stderr is in the log, too, when that is JSON or in full detail (default: on)",
    )
    .option('--detach', 'go on in the background, with the log in logs/mcpvisor.log of the state directory')
    .option('--replace', 'take the place of the control plane that runs, without starting a server again')
    .option('--insecure-bind', 'listen on an address that other machines can reach, without encryption')
    .option('--trust-api', 'let servers run that come through the API, without "mcpvisor approve"')
    .option('--token-file <file>', 'file with the bearer token of the API (default: "token" in the state directory)')
    .option('--json', 'for programs: with --detach where it is, and errors as problem documents')
    .addHelpText('after', examplesOf('up'))
    .action(async (flags: UpFlags) => {
      const { up } = await import('../commands/up/up.ts');
      await run(up(flags, invocation));
    });
}

export function addDown({ program, invocation, run }: Registration): void {
  connected(program.command('down'))
    .description('end every server and the control plane, and wait until it is gone')
    .option('--timeout <ms>', 'how long to wait (default: 60000)')
    .addHelpText('after', examplesOf('down'))
    .action(async (flags: ConnectionFlags) => {
      const { down } = await import('../commands/down.ts');
      await run(down(flags, invocation));
    });
}

export function addPlan({ program, invocation, run }: Registration): void {
  connected(program.command('plan'))
    .description('say what another configuration would do to the servers that run; changes nothing')
    .argument('[file]', 'configuration (default: that of the control plane, as it is now)')
    .addHelpText('after', examplesOf('plan'))
    .action(async (file: string | undefined, flags: ConnectionFlags) => {
      const { plan } = await import('../commands/plan.ts');
      await run(plan(file ?? null, flags, invocation));
    });
}

export function addCheck({ program, invocation, run }: Registration): void {
  program
    .command('check')
    .description('look for mistakes in a configuration, offline, and say what it would start')
    .argument('[file]', 'configuration (default: as for up)')
    .option('--json', 'for programs')
    .addHelpText('after', examplesOf('check'))
    .action(async (file: string | undefined, flags: { readonly json?: boolean }) => {
      const { check } = await import('../commands/check.ts');
      await run(check(file ?? null, flags.json === true, invocation));
    });
}

export function addDoctor({ program, invocation, run }: Registration): void {
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
      const { doctor } = await import('../commands/doctor/doctor.ts');
      await run(doctor(flags, invocation));
    });
}

export function addOpen({ program, invocation, run }: Registration): void {
  connected(program.command('open'))
    .description('print where the pages of the control plane are, and open them if there is a display')
    .action(async (flags: ConnectionFlags) => {
      const { open } = await import('../commands/open.ts');
      await run(open(flags, invocation));
    });
}
