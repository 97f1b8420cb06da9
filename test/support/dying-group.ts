/**
 * A program of its own: a supervisor with a bug in the chart of one group, which dies whenever it is given a server.
 * Prints what became of it; if the event loop stands still, it prints nothing, and nobody in here could notice.
 */

import { enqueueActions } from 'xstate';
import { groupMachine } from '../../machines/group.machine.ts';
import { createSupervisor } from '../../src/index.ts';

const actions = groupMachine.implementations.actions as Record<string, unknown>;
actions.addAsItShould = actions.add;
actions.add = enqueueActions(({ context, enqueue }, params: object) => {
  if ((context as { readonly name: string }).name === 'bad') throw new Error('a bug');
  enqueue({ type: 'addAsItShould', params } as never);
});

const [program = '', mark = ''] = process.argv.slice(2);
const entry = { command: process.execPath, args: [program, mark] };
const supervisor = await createSupervisor({
  config: { mcpServers: { good: entry, bad: { ...entry, group: 'bad' } } },
});
const { settled } = await supervisor.ready();
const after = supervisor.status();
const started = await supervisor.send('bad', { type: 'server.start' });
const alone = supervisor.status('bad').state;
await supervisor.remove('bad');
const removed = supervisor.status().servers.map(({ name }) => name);
await supervisor.close();
process.stdout.write(
  JSON.stringify({
    settled,
    servers: after.servers.map(({ name, state, lastFailure, alarms }) => ({
      name,
      state,
      failure: lastFailure?.class ?? null,
      alarms: alarms.map(({ alarm }) => alarm),
    })),
    outcome: started.outcome,
    alone,
    removed,
  }),
);
