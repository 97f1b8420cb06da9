/**
 * A program that had a server `a`, `watcher.ts INSTANCE end|tell`, and prints what it learns of what that left behind.
 * It is steered by words: `gone` (the server has ended), `take` (all the descriptors it may have, and those that become
 * free), `free` (gives them back), `kill` (everything at once). It ends with its stdin.
 */

import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createStrays } from '../../../../src/session/process/strays/strays.ts';

const [instance = '', policy] = process.argv.slice(2);
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const strays = createStrays({
  instance,
  guard: { expect() {}, forget: () => say('nothing is left') },
  tell: ({ type }) => say(type),
  onError: (message) => say(message),
  watchEveryMs: 300,
});
const marked = strays.expect({
  server: 'a',
  generation: 1,
  stop: { closeMs: 0, terminateMs: 100, killMs: 300, strays: policy === 'end' ? 'end' : 'tell' },
  line: { command: 'a', args: [], cwd: '/', env: {} },
  secrets: [],
});

const taken: number[] = [];
function takeAll(): void {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // There are no more.
  }
}

/** What is under way, here or in a loader, gives some back later. */
let taking: NodeJS.Timeout | undefined;

const acts: ReadonlyMap<string, () => void> = new Map([
  ['gone', () => marked.gone()],
  ['kill', () => strays.killNow()],
  [
    'take',
    () => {
      takeAll();
      taking = setInterval(takeAll, 1);
      say('none is left');
    },
  ],
  [
    'free',
    () => {
      clearInterval(taking);
      for (const descriptor of taken.splice(0)) closeSync(descriptor);
    },
  ],
]);
for await (const word of createInterface(process.stdin)) acts.get(word)?.();
clearInterval(taking);
await strays.close();
