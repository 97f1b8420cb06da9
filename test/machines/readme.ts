/** The text of `machines/README.md`: each chart in words, as a picture and as a table. */

import type { AnyStateMachine } from 'xstate';
import { toMermaid, toTable } from '../../machines/diagram.ts';
import { groupMachine } from '../../machines/group.machine.ts';
import { serverMachine } from '../../machines/server.machine.ts';
import { supervisorMachine } from '../../machines/supervisor.machine.ts';

interface Chapter {
  readonly machine: AnyStateMachine;
  readonly file: string;
  readonly about: string;
  readonly states: Readonly<Record<string, string>>;
}

const chapters: readonly Chapter[] = [
  {
    machine: serverMachine,
    file: 'server.machine.ts',
    about: 'One MCP server. Its session is the child `session:GENERATION`, which exists in the live states only.',
    states: {
      idle: 'Nothing runs: not wanted, or wanted and lazy, finished, or queued for a start slot.',
      starting:
        'A session is being opened: the process or connection, the handshake, the first lists, each with a time budget of its own.',
      connected:
        'The session answers, and its lists are those of this life. A quiet one is probed, a silent one is asked in a second way before it is called hung.',
      'heartbeat-timeout':
        'The server hangs, and its process group is being ended. Commands change what comes next, not this state.',
      stopping: 'The session is being ended, politely, then surely. What comes next is remembered.',
      deciding: 'Passed through, never seen: where an actor just born, or a life that has ended, is led on.',
      backoff: 'Waiting for the next try, then for a start slot.',
      failed:
        'The restart budget is spent, or no restart can mend the failure: waits for a person or another specification.',
      'needs-auth': 'A remote server wants a person. It is not tried blindly.',
    },
  },
  {
    machine: groupMachine,
    file: 'group.machine.ts',
    about:
      'The servers of one group: spawns their actors, lets them go, and puts another in the place of one that died by a bug, once the reaper has seen its process group gone.',
    states: {
      running: 'Servers come and go.',
      'shutting-down': 'Every server is being ended; none is added, and the dead get no successor.',
      gone: 'No server and no reaper is left.',
    },
  },
  {
    machine: supervisorMachine,
    file: 'supervisor.machine.ts',
    about: 'The root: carries plans to the groups, hands out start slots, and ends everything within its deadline.',
    states: {
      booting: 'What an earlier life left behind is being reaped.',
      running: 'Plans are applied, and start slots are given in the order they were asked for.',
      'shutting-down': 'Every server is being ended, all at once; what is not gone in time is killed.',
      closed: 'Nothing runs any more, or what still runs has been left to the next boot.',
      failed: 'What an earlier life left behind could not be reaped.',
    },
  },
];

export function readmeText(): string {
  return [
    '# The charts',
    '<!-- Generated from the charts: `BLESS=1 npx vitest run --config .vitest.config.ts test/machines` writes it again. -->',
    'Pure decisions: no clock, no dice, no process. Time and chance come with the events; `src` provides the actors. In the pictures, an edge that leads between the insides of two states names the inner ones; in the tables, an empty cell means that the event is ignored.',
    ...chapters.flatMap(chapterText),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function chapterText({ machine, file, about, states }: Chapter): readonly string[] {
  const missing = Object.keys(machine.root.states).filter((state) => !(state in states));
  if (missing.length > 0) throw new Error(`no words for ${missing.join(', ')} of ${machine.id}`);
  const meanings = [
    '| state | meaning |',
    '| --- | --- |',
    ...Object.keys(machine.root.states).map((state) => `| \`${state}\` | ${states[state] ?? ''} |`),
  ];
  return [
    `## ${machine.id}`,
    `[\`${file}\`](${file}). ${about}`,
    meanings.join('\n'),
    `\`\`\`mermaid\n${toMermaid(machine)}\n\`\`\``,
    toTable(machine),
  ];
}
