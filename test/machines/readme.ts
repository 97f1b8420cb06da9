/** The text of `machines/README.md`: each chart in words, as a picture and as a table. */

import type { AnyStateMachine } from 'xstate';
import { toDefinition } from '../../machines/chart/definition.ts';
import { toMermaid, toTable } from '../../machines/chart/diagram.ts';
import { clientProcessMachine } from '../../machines/client-process.machine.ts';
import { groupMachine } from '../../machines/group.machine.ts';
import { serverMachine } from '../../machines/server.machine.ts';
import { supervisorMachine } from '../../machines/supervisor.machine.ts';

interface Chapter {
  readonly machine: AnyStateMachine;
  readonly file: string;
  readonly about: string;
}

const chapters: readonly Chapter[] = [
  {
    machine: serverMachine,
    file: 'server.machine.ts',
    about: 'One MCP server. Its session is the child `session:GENERATION`, which exists in the live states only.',
  },
  {
    machine: groupMachine,
    file: 'group.machine.ts',
    about:
      'The servers of one group: it starts and stops their actors, and replaces an actor that died by a bug, once the reaper has seen its process group gone.',
  },
  {
    machine: clientProcessMachine,
    file: 'client-process.machine.ts',
    about:
      'The process that holds the sessions, if they are held apart from the control plane. Its child `holder` has the process and the connection to it.',
  },
  {
    machine: supervisorMachine,
    file: 'supervisor.machine.ts',
    about: 'The root: it passes plans on to the groups, grants start slots, and ends everything within its deadline.',
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

function chapterText({ machine, file, about }: Chapter): readonly string[] {
  const states = toDefinition(machine).states.filter(({ parent }) => parent === '');
  const meanings = [
    '| state | meaning |',
    '| --- | --- |',
    ...states.map(({ path, description }) => `| \`${path}\` | ${description ?? ''} |`),
  ];
  return [
    `## ${machine.id}`,
    `[\`${file}\`](${file}). ${about}`,
    meanings.join('\n'),
    `\`\`\`mermaid\n${toMermaid(machine)}\n\`\`\``,
    toTable(machine),
  ];
}
