import { expect, it } from 'vitest';
import { clientProcessMachine } from '../../../machines/client-process.machine.ts';
import { groupMachine } from '../../../machines/group.machine.ts';
import { serverMachine } from '../../../machines/server.machine.ts';
import { supervisorMachine } from '../../../machines/supervisor.machine.ts';
import { toStatelyEvent } from '../../../src/observe/facts/stately-event.ts';

it.each([supervisorMachine, groupMachine, clientProcessMachine, serverMachine].map(({ id }) => id))(
  'the inspector of Stately is given the chart of an actor: %s',
  (machine) => {
    const event = toStatelyEvent({
      type: '@xstate.actor',
      actor: 'a',
      sessionId: 'x:1',
      rootId: 'x:0',
      at: '2026-01-01T00:00:00.000Z',
      machine,
      parentId: null,
    });
    const { definition = '{}' } = event as { readonly definition?: string };
    expect(JSON.parse(definition)).toMatchObject({ id: machine });
  },
);
