/** The text of `machines/README.md`: each chart in words, as a picture and as a table. */

import type { AnyStateMachine } from 'xstate';
import { toMermaid, toTable } from '../../machines/chart/diagram.ts';
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
      idle: 'Nothing runs: the server is not wanted, or it is wanted and lazy, finished, or waiting to start.',
      starting:
        'A session is being opened: the process or connection, the handshake, the first lists, each with its own time limit.',
      connected:
        'The session answers, and its lists are those of this life. A quiet session is probed. One that misses its probes is asked in a second way before it counts as hung.',
      'heartbeat-timeout':
        'The server hangs, and its process group is being ended. Commands change what comes next, not this state.',
      stopping:
        'The session is being ended: it is asked to close, then terminated, then killed. The chart remembers what comes next.',
      deciding: 'Chooses the state of a new actor, and what comes after a session. It is left in the same step.',
      backoff: 'Waits for the next try, then for dependencies and the round of its group, then for a start slot.',
      failed:
        'The restart budget is used up, or no restart can help: it waits for a person or another specification. A missing command or folder is looked for.',
      'needs-auth':
        'A remote server refuses our credentials: it needs a person, or files that say something else. The same ones are not tried again.',
    },
  },
  {
    machine: groupMachine,
    file: 'group.machine.ts',
    about:
      'The servers of one group: it starts and stops their actors, and replaces an actor that died by a bug, once the reaper has seen its process group gone.',
    states: {
      running: 'Servers are added, changed and removed.',
      'shutting-down': 'Every server is being ended; none is added, and none gets a successor.',
      gone: 'No server and no reaper is left.',
    },
  },
  {
    machine: supervisorMachine,
    file: 'supervisor.machine.ts',
    about: 'The root: it passes plans on to the groups, grants start slots, and ends everything within its deadline.',
    states: {
      booting: 'What an earlier run left behind is being reaped.',
      running: 'Plans are applied, and start slots are granted in the order of the requests.',
      'shutting-down': 'All servers are being ended, dependents first; what has not ended in time is killed.',
      closed: 'Nothing runs any more, or what still runs has been left to the next boot.',
      failed: 'What an earlier run left behind could not be reaped.',
    },
  },
];

export function readmeText(): string {
  return [
    '# The charts',
    '<!-- Generated from the charts: `BLESS=1 npx vitest run --config .vitest.config.ts test/machines` writes it again. -->',
    'Pure decisions: no clock, no randomness, no processes. Time and random numbers come with the events; `src` provides the actors. In the pictures, an edge between children of two states names the children; in the tables, an empty cell means that the event is ignored.',
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
