/** What a person is asked on a terminal. */

import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import type { Invocation } from '../invocation.ts';

/** Whether somebody sits before it who can be asked. */
export function isTerminal(stdin: Readable): boolean {
  return 'isTTY' in stdin && stdin.isTTY === true;
}

/** Only a plain yes is one. The end of the input, or Ctrl-C, is no. */
export async function askYes(question: string, io: Pick<Invocation, 'stdin' | 'stderr'>): Promise<boolean> {
  return /^y(?:es)?$/i.test(((await ask(question, io)) ?? '').trim());
}

/** Shows nothing of what is typed. Null: there was no answer. */
export async function askHidden(question: string, io: Pick<Invocation, 'stdin' | 'stderr'>): Promise<string | null> {
  const answer = await ask(question, io, true);
  io.stderr.write('\n');
  return answer;
}

async function ask(
  question: string,
  { stdin, stderr }: Pick<Invocation, 'stdin' | 'stderr'>,
  isHidden = false,
): Promise<string | null> {
  stderr.write(question);
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      // What is typed and its corrections, as the line editor draws them.
      if (!isHidden) stderr.writeRaw(chunk.toString());
      done();
    },
  });
  const lines = createInterface({ input: stdin, output, terminal: isHidden });
  try {
    return await new Promise((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(null));
    });
  } finally {
    lines.close();
  }
}
