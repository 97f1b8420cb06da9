import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toMermaid, toTable } from '../../machines/diagram.ts';
import { groupMachine } from '../../machines/group.machine.ts';
import { serverMachine } from '../../machines/server.machine.ts';
import { supervisorMachine } from '../../machines/supervisor.machine.ts';

const path = new URL('../../machines/README.md', import.meta.url);

const charts = [
  {
    machine: serverMachine,
    about: 'One MCP server. `deciding` is never seen from outside: it leads a life that has ended on to what comes next.',
    states: {
      idle: 'no session, no process: wanted down, finished, lazy, or waiting for a start slot (`queued`)',
      starting: 'a session is being opened: process or connection, handshake, first lists',
      connected: 'the session answers; when it is quiet it is probed, and asked twice before it is called hung',
      'heartbeat-timeout': 'it hangs: its calls have failed, its process group is being ended',
      backoff: 'waits for the next try; `nextRetryAt`, `attempt` and the reason are in the snapshot',
      stopping: 'the session is being ended, politely, then surely; remembers what comes next',
      failed: 'the restart budget is spent, or no restart can mend it',
      'needs-auth': 'a remote server wants a person',
    },
  },
  {
    machine: groupMachine,
    about: 'The supervisor of the servers of one group.',
    states: { running: 'spawns servers and lets them go', 'shutting-down': 'waits until all of them are idle', gone: 'nothing is left in it' },
  },
  {
    machine: supervisorMachine,
    about: 'The root.',
    states: {
      booting: 'what an earlier life left behind is being ended',
      running: 'plans are carried out and start slots given',
      'shutting-down': 'every server is being ended, all at once, within the deadline',
      closed: 'everything has ended',
      failed: 'it could not boot',
    },
  },
];

function readme(): string {
  const sections = charts.map(({ machine, about, states }) => {
    const meanings = Object.entries(states).map(([state, meaning]) => `| \`${state}\` | ${meaning} |`);
    const table = ['| state | meaning |', '| --- | --- |', ...meanings].join('\n');
    return `## ${machine.id}\n\n${about}\n\n${table}\n\n\`\`\`mermaid\n${toMermaid(machine)}\n\`\`\`\n\n${toTable(machine)}\n`;
  });
  const intro =
    'Generated from the charts by `test/machines/diagram.test.ts`: `BLESS=1 npx vitest run --config .vitest.config.ts test/machines/diagram.test.ts`.';
  return `# The charts\n\n${intro}\n\n${sections.join('\n')}`;
}

describe('the diagrams', () => {
  it('are those of the charts as they are', () => {
    if (process.env.BLESS === '1') writeFileSync(path, readme());
    expect(readFileSync(path, 'utf8')).toBe(readme());
  });

  it('explain every state but the one that is never seen', () => {
    for (const { machine, states } of charts) {
      expect(
        Object.keys(machine.root.states)
          .filter((state) => state !== 'deciding')
          .sort(),
      ).toEqual(Object.keys(states).sort());
    }
  });

  it.each(charts)('draw every edge of $machine.id', ({ machine }) => {
    const drawn = toMermaid(machine)
      .split('\n')
      .filter((line) => line.includes('-->') && !line.includes('[*]'));
    const nodes = [machine.root, ...Object.values(machine.root.states).flatMap((state) => [state, ...Object.values(state.states)])];
    const edges = nodes.flatMap((node) => [...[...node.transitions.values()].flat(), ...(node.always ?? [])]);
    expect(drawn).toHaveLength(edges.length);
  });
});
