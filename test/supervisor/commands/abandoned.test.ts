import { describe, expect, it } from 'vitest';
import { createActor, setup } from 'xstate';
import { serverMachine } from '../../../machines/server.machine.ts';
import type { FactBody } from '../../../src/observe/facts/fact.ts';
import type { ServerActor } from '../../../src/supervisor/actors/system.ts';
import { createCommands } from '../../../src/supervisor/commands/commands.ts';
import { policyOf } from '../../support/charts/chart.ts';
import { errorOf } from '../../support/supervised.ts';

/** A server's actor, with a bug in the guard that a start asks. */
function startBuggyServer(): ServerActor {
  const server = serverMachine.provide({
    guards: {
      mayStart: () => {
        throw new Error('a bug in a guard');
      },
    },
  });
  const parent = setup({ actors: { server } }).createMachine({
    invoke: {
      id: 'server:a',
      src: 'server',
      systemId: 'server:a',
      input: { name: 'a', policy: policyOf(), wanted: 'down' as const },
    },
    on: { 'xstate.error.actor.*': {} },
  });
  const root = createActor(parent);
  root.subscribe({ error: () => undefined });
  root.start();
  return root.system.get('server:a') as ServerActor;
}

describe('a command over whose very step the actor dies', () => {
  const begin = () => {
    const facts: FactBody[] = [];
    const actor = startBuggyServer();
    const commands = createCommands({
      actorOf: () => actor,
      moments: { next: () => ({ at: 1, random: 0.5 }) },
      publish: (fact) => facts.push(fact),
      isShuttingDown: () => false,
      kept: () => Promise.resolve(),
      lastFailureOf: () => null,
    });
    const { commandId, settled } = commands.post('a', { type: 'server.start' });
    expect([actor.getSnapshot().status, facts]).toEqual(['error', []]);
    return { commands, commandId, settled, facts };
  };

  it('is rejected when the death is told, once', async () => {
    const { commands, commandId, settled, facts } = begin();
    commands.abandon('b', 'its actor died: another');
    expect(facts).toEqual([]);
    commands.abandon('a', 'its actor died: a bug in a guard');
    commands.handle('a', {
      type: 'command.settled',
      command: { id: commandId, kind: 'start' },
      outcome: 'rejected',
      reason: 'again',
    });
    expect(await errorOf(settled)).toMatchObject({
      code: 'COMMAND_REJECTED',
      details: { server: 'a', reason: 'its actor died: a bug in a guard' },
    });
    expect(facts).toMatchObject([
      { type: 'command.settled', actor: 'server:a', commandId, command: 'server.start', outcome: 'rejected' },
    ]);
  });

  it('is rejected at the end, and told so, if nobody was left to settle it', async () => {
    const { commands, commandId, settled, facts } = begin();
    commands.close();
    expect(await errorOf(settled)).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(facts).toMatchObject([{ type: 'command.settled', commandId, outcome: 'rejected', reason: 'SHUTTING_DOWN' }]);
  });
});
