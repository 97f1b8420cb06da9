/**
 * Transcripts: the lines that begin with `>` are the script, `#` and blank lines are for people, and everything else
 * is what the chart did.
 *
 *     > server restart.maxConsecutive=3     the server's settings, first of all
 *     > +500 ended exited code=1            what happens 500 ms after the line before
 */

import { type Failure, failure, failureClasses } from '../../../machines/failure.ts';
import type { Approval } from '../../../machines/policy/policy.ts';
import type { ServerEvent } from '../../../machines/server/events.ts';
import type { CommandKind } from '../../../machines/server/settlement.ts';
import { exit, type PolicyOverrides, type ServerUnderTest, startServer } from '../../support/charts/chart.ts';

type Fields = Readonly<Record<string, string | number | boolean>>;

const approval: Approval = { hash: 'sha256:1', commandLine: 'npx x', clearedBy: 'mcpvisor approve a' };

/** Runs the script of a transcript and writes what happens under each of its lines. */
export function replay(text: string): string {
  const script = text.split('\n').filter((line) => line === '' || line.startsWith('#') || line.startsWith('>'));
  let server: ServerUnderTest | undefined;
  const lines = script.flatMap((line) => {
    if (!line.startsWith('>')) return [line];
    const words = line.slice(1).trim().split(/\s+/);
    if (words[0] === 'server') server = open(words.slice(1));
    else if (server === undefined) throw new Error('a transcript begins with "> server"');
    else perform(server, words);
    return [
      line,
      ...(server?.records
        .splice(0)
        .map(({ at, what, text: told }) => `${String(at).padStart(9)}  ${signs[what]}${told}`) ?? []),
    ];
  });
  server?.stop();
  return `${lines.join('\n').trimEnd()}\n`;
}

const signs = {
  state: '',
  order: '  → session: ',
  emitted: '  ! ',
  report: '  → root: ',
  opened: '  + ',
  closed: '  - ',
  look: '  ? looks for ',
} as const;

function open(words: readonly string[]): ServerUnderTest {
  const { slot, wanted, ...settings } = fieldsOf(words);
  const policy: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(settings)) {
    const [section = '', key] = path.split('.');
    policy[section] = key === undefined ? value : { ...(policy[section] as object | undefined), [key]: value };
  }
  return startServer({
    policy: policy as PolicyOverrides,
    wanted: wanted === 'down' ? 'down' : 'up',
    slotAfterMs: slot === false ? null : 0,
    onChange: (server) => {
      const last = server.records.at(-1);
      const { delayMs, counters } = server.context();
      const why = counters.attempt > 0 ? `attempt ${counters.attempt}` : 'not counted';
      if (last?.text === 'backoff.delaying')
        server.records[server.records.length - 1] = { ...last, text: `${last.text} (${why}, ${delayMs} ms)` };
    },
  });
}

function perform(server: ServerUnderTest, [wait = '', word = '', ...rest]: readonly string[]): void {
  server.clock.advance(Number(wait));
  const fields = fieldsOf(rest);
  switch (word) {
    case '':
    case 'wait':
      return;
    case 'start':
    case 'stop':
    case 'restart':
    case 'retry':
    case 'reset':
      server.command(word satisfies CommandKind);
      return;
    case 'ready':
      for (const type of ['session.spawned', 'session.initialized', 'session.ready'] as const) server.news(type);
      return;
    case 'failed':
    case 'exited':
    case 'ended':
      server.news(`session.${word}`, { failure: causeOf(rest[0], fields) });
      return;
    case 'session':
      Object.assign(server.temper, fields);
      return;
    case 'edited':
    case 'approved':
      server.send('server.configure', {
        policy: { ...server.context().policy, approval: word === 'edited' ? approval : null },
        changed: true,
        wanted: null,
      });
      return;
    case 'speaks':
      server.temper.lastMessageAt = server.clock.now();
      return;
    case 'called':
      server.temper.unusedSince = server.clock.now();
      return;
    default:
      server.send(word as ServerEvent['type'], fields);
  }
}

function causeOf(word: string | undefined, { code, signal, ...details }: Fields): Failure | null {
  if (word === undefined) return null;
  if (word === 'exited')
    return exit(typeof code === 'number' ? code : null, typeof signal === 'string' ? signal : null);
  const named = failureClasses.find((name) => name === word);
  if (named === undefined) throw new Error(`no failure class "${word}"`);
  return failure(named, named, {
    ...details,
    code: typeof code === 'string' || typeof code === 'number' ? code : null,
  });
}

function fieldsOf(words: readonly string[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    words
      .filter((word) => word.includes('='))
      .map((word) => {
        const [key = '', value = ''] = word.split('=');
        return [key, value === 'true' ? true : value === 'false' ? false : /^\d+$/.test(value) ? Number(value) : value];
      }),
  );
}
