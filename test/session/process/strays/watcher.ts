/**
 * A program that watches what bears the mark of server `a`, `watcher.ts INSTANCE`, and prints what it learns. On `take`
 * it takes all the descriptors it may have, and those that become free; on `free` it gives them back. It ends with its
 * stdin.
 */

import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createHunt } from '../../../../src/session/process/strays/hunt.ts';

const [instance = ''] = process.argv.slice(2);
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const closing = new AbortController();
const hunt = createHunt({
  tell: ({ type }) => say(type),
  onError: (message) => say(message),
  signal: closing.signal,
});
const stop = { closeMs: 0, terminateMs: 0, killMs: 0, strays: 'tell' } as const;
await hunt({ mark: { instance, server: 'a', generation: 1 }, stop, secrets: null });

const taken: number[] = [];
function takeAll(): void {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // There are no more.
  }
}

/** A look that is under way gives some back later. */
let taking: NodeJS.Timeout | undefined;

for await (const word of createInterface(process.stdin)) {
  clearInterval(taking);
  if (word === 'take') {
    takeAll();
    taking = setInterval(takeAll, 20);
    say('none is left');
  } else for (const descriptor of taken.splice(0)) closeSync(descriptor);
}
clearInterval(taking);
closing.abort();
