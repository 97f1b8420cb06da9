/**
 * Transcripts of the client process: the lines that begin with `>` are the script, `#` and blank lines are for people,
 * and everything else is what the chart did.
 *
 *     > client maxConsecutive=2      its settings, first of all
 *     > +500 client.restart          what happens 500 ms after the line before
 *     > +0 holder.lost               news of the current try
 *     > +5000 holder.beat ×9         nine times
 */

import type { ClientProcessEvent } from '../../../machines/client-process/events.ts';
import { type ClientRecord, type ClientUnderTest, startClient } from '../../support/charts/client-chart.ts';

const signs: Readonly<Record<ClientRecord['what'], string>> = {
  state: '',
  order: '  → holder: ',
  emitted: '  ! ',
  report: '  → root: ',
};

/** Runs the script of a transcript and writes what happens under each of its lines. */
export function replayClient(text: string): string {
  const script = text.split('\n').filter((line) => line === '' || line.startsWith('#') || line.startsWith('>'));
  let client: ClientUnderTest | undefined;
  const lines = script.flatMap((line) => {
    if (!line.startsWith('>')) return [line];
    const [first = '', ...rest] = line.slice(1).trim().split(/\s+/);
    if (first === 'client') client = startClient({ policy: fieldsOf(rest) });
    else if (client === undefined) throw new Error('a transcript begins with "> client"');
    else perform(client, Number(first), rest);
    const told = client?.records.splice(0) ?? [];
    return [line, ...told.map((one) => `${String(one.at).padStart(9)}  ${signs[one.what]}${one.text}`)];
  });
  client?.stop();
  return `${lines.join('\n').trimEnd()}\n`;
}

/** Several events may stand in one line: they are told at the same instant. */
function perform(client: ClientUnderTest, waitMs: number, words: readonly string[]): void {
  const times = Number(words.find((word) => word.startsWith('×'))?.slice(1) ?? 1);
  for (let time = 1; time < times; time += 1)
    perform(
      client,
      waitMs,
      words.filter((word) => !word.startsWith('×')),
    );
  client.clock.advance(waitMs);
  const fields = fieldsOf(words);
  for (const type of words.filter((word) => word.includes('.') && !word.includes('=')) as ClientProcessEvent['type'][])
    if (type.startsWith('holder.')) client.news(type, fields);
    else client.send(type, fields);
}

function fieldsOf(words: readonly string[]): Record<string, number | boolean | readonly string[]> {
  const pairs = words.filter((word) => word.includes('=')).map((word) => word.split('='));
  return Object.fromEntries(pairs.map(([key = '', value]) => [key, meaningOf(key, value)]));
}

function meaningOf(key: string, text = ''): number | boolean | readonly string[] {
  return key === 'blamed' ? [text] : text === 'true' || Number(text);
}
