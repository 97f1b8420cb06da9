/**
 * Transcripts of a whole tree: the lines that begin with `>` are the script, `#` and blank lines are for people, and
 * everything else is what the actors did.
 *
 *     > group web strategy=rest-for-one    how a group acts, before its servers
 *     > server b group=web dependsOn=a,c   a server; startMs and stopMs say how its process behaves
 *     > +0 boot                            everything is added
 *     > +500 kill a                        what happens 500 ms after the line before
 */

import { exit, type PolicyOverrides } from '../../support/charts/chart.ts';
import { createVirtualClock } from '../../support/charts/virtual-clock.ts';
import { type PlannedGroups, type PlannedServer, stepsFor } from './plan.ts';
import { createTameProcesses, killed } from './tame-processes.ts';
import { startTree, type Tree, type TreeRecord } from './tree.ts';

interface ServerWords extends Omit<PolicyOverrides, 'dependsOn'> {
  readonly group?: string;
  readonly dependsOn?: string;
  readonly startMs?: number;
  readonly stopMs?: number;
}

export async function replayTree(text: string): Promise<string> {
  const clock = createVirtualClock();
  const processes = createTameProcesses(clock);
  const tree = await startTree({ clock, session: processes.session });
  const servers: PlannedServer[] = [];
  const groups: Record<string, PlannedGroups[string]> = {};
  let commands = 0;
  tree.records.length = 0;

  const act = (words: readonly string[]): unknown => {
    const [word = '', name = '', ...rest] = words;
    if (word === 'boot') return tree.plan(stepsFor({ servers, groups }));
    if (word === 'kill') return processes.end(name, killed());
    if (word === 'exit') return processes.end(name, exit(Number(rest[0])));
    if (word === 'shutdown') return tree.send({ type: 'supervisor.shutdown' });
    if (word === 'group.reset') return tree.group(name).send({ type: 'group.reset' });
    if (word === 'needed') return tree.server(name).send({ type: 'server.needed' });
    if (word === 'wait') return undefined;
    commands += 1;
    return tree.server(name).send({ type: `server.${word}`, commandId: `c${commands}`, at: clock.now(), random: 0.5 });
  };
  const perform = (line: string): void => {
    const [first = '', ...rest] = line.slice(1).trim().split(/\s+/);
    if (first === 'group') groups[rest[0] ?? ''] = fieldsOf(rest) as PlannedGroups[string];
    else if (first === 'server') {
      const { group = 'default', dependsOn = '', startMs = 50, stopMs = 20, ...policy } = fieldsOf(rest) as ServerWords;
      const name = rest[0] ?? '';
      servers.push({ name, group, dependsOn: dependsOn.split(',').filter(Boolean), policy });
      processes.habits.set(name, { startMs, stopMs });
    } else {
      clock.advance(Number(first));
      act(rest);
    }
  };

  const lines: string[] = [];
  for (const line of text.split('\n').filter((one) => one === '' || one.startsWith('#') || one.startsWith('>'))) {
    if (line.startsWith('>')) perform(line);
    lines.push(line, ...told(tree));
  }
  tree.stop();
  return `${lines.join('\n').trimEnd()}\n`;
}

/** Child states of `starting` and `connected` are left out. */
function told(tree: Tree): readonly string[] {
  const worth = tree.records
    .splice(0)
    .filter(
      ({ text }) =>
        !/^(starting\.(initializing|listing)|connected\.(probing|confirming)|idle\.queued|backoff\.queued)$/.test(text),
    );
  return worth.map(lineOf);
}

function lineOf({ at, actor, text }: TreeRecord): string {
  return `${String(at).padStart(9)}  ${actor.replace('server:', '').padEnd(12)}  ${text.replace('starting.spawning', 'starting').replace('connected.quiet', 'connected')}`;
}

function fieldsOf(words: readonly string[]): Record<string, string | number | boolean | object> {
  const fields: Record<string, string | number | boolean | object> = {};
  for (const word of words.filter((one) => one.includes('='))) {
    const [path = '', text = ''] = word.split('=');
    const value = text === 'true' ? true : text === 'false' ? false : /^\d+$/.test(text) ? Number(text) : text;
    const [section = '', key] = path.split('.');
    fields[section] = key === undefined ? value : { ...(fields[section] as object | undefined), [key]: value };
  }
  return fields;
}
