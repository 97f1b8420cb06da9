/** The commands about servers: what they do, what they offer, what they said. */

import type { ConnectionFlags } from '../connection.ts';
import { examplesOf } from '../screen/help.ts';
import { connected, type Registration } from './registration.ts';

const verbs = {
  start: 'start servers; done when they are connected',
  stop: 'stop servers; done when nothing of them is left',
  restart: 'end servers and start them again',
  retry: 'try again now what waits for its next try or for a person',
  reset: 'forgive past failures; a failed server goes to idle',
} as const;

export function addStatus({ program, invocation, run }: Registration): void {
  connected(program.command('status'))
    .description('show where every server is')
    .option('--tree', 'every actor, below the one that started it')
    .option('--watch', 'again with each change, until Ctrl-C')
    .addHelpText('after', examplesOf('status'))
    .action(async (flags: ConnectionFlags) => {
      const { status } = await import('../commands/status.ts');
      await run(status(flags, invocation));
    });
}

export function addVerbs(registration: Registration): void {
  for (const [verb, description] of Object.entries(verbs))
    addVerb(registration, verb as keyof typeof verbs, description);
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
      const { command } = await import('../commands/verbs.ts');
      await run(command(verb, { words, flags }, invocation));
    });
}

export function addEnsure({ program, invocation, run }: Registration): void {
  connected(program.command('ensure'))
    .description('wait until servers are connected; starts lazy ones, and waits for what is tried again')
    .argument('<name...>', 'the servers')
    .option('--timeout <ms>', 'how long to wait, at most 240000 (default: 60000)')
    .addHelpText('after', examplesOf('ensure'))
    .action(async (names: readonly string[], flags: ConnectionFlags) => {
      const { ensure } = await import('../commands/ensure.ts');
      await run(ensure(names, flags, invocation));
    });
}

export function addTools({ program, invocation, run }: Registration): void {
  connected(program.command('tools'))
    .description('list the tools of a server, or of all')
    .argument('[name]', 'a server')
    .addHelpText('after', examplesOf('tools'))
    .action(async (name: string | undefined, flags: ConnectionFlags) => {
      const { tools } = await import('../commands/tools.ts');
      await run(tools(name ?? null, flags, invocation));
    });
}

export function addCall({ program, invocation, run }: Registration): void {
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
      const { call } = await import('../commands/call/call.ts');
      await run(call({ server, tool, words }, flags, invocation));
    });
}

export function addLogs({ program, invocation, run }: Registration): void {
  connected(program.command('logs'))
    .description('show what a server wrote on stderr')
    .argument('<name>', 'the server')
    .option('-f, --follow', 'and what it writes, until Ctrl-C')
    .option('--tail <number>', 'how many lines of the past (default: 100)')
    .addHelpText('after', examplesOf('logs'))
    .action(async (name: string, flags: ConnectionFlags) => {
      const { logs } = await import('../commands/logs.ts');
      await run(logs(name, flags, invocation));
    });
}

export function addEvents({ program, invocation, run }: Registration): void {
  const collect = (value: string, before: readonly string[] = []) => [...before, value];
  connected(program.command('events'))
    .description('show the facts: everything that happened, in order')
    .option('-f, --follow', 'and what happens, until Ctrl-C')
    .option('--tail <number>', 'how many facts of the past (default: 100)')
    .option('--actor <id>', 'only of server:NAME, group:NAME or supervisor; may be repeated', collect)
    .option('--type <type>', 'only of this type, as server.failed; may be repeated', collect)
    .addHelpText('after', examplesOf('events'))
    .action(async (flags: ConnectionFlags) => {
      const { events } = await import('../commands/events.ts');
      await run(events(flags, invocation));
    });
}
