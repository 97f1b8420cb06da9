/**
 * Writes into a store as fast as it can, and says on stdout what was acknowledged, until it is killed:
 * `node writer.mjs ADDRESS`. A line is `version N`, `server K N` or `fact N`: N only grows.
 */

import { writeSync } from 'node:fs';
import { openStore } from '../../../dist/src/store/open.js';

const at = () => new Date().toISOString();
const say = (line) => writeSync(1, `${line}\n`);
const options = { now: Date.now, stateDir: null, env: {} };
const { store, trouble } = await openStore(process.argv[2], options);
if (trouble !== null) throw new Error(trouble);

async function commitForever() {
  for (let version = await store.configuration.version(); ; version += 1) {
    const number = version + 1;
    const changes = [{ source: 'store', server: `s${number % 5}`, before: null, after: { number } }];
    await store.configuration.commit(version, { at: at(), by: 'writer', summary: `${number}`, changes });
    say(`version ${number}`);
  }
}

async function keepForever() {
  const known = [...(await store.servers.read()).values()].map(({ lists }) => lists.number);
  for (let number = Math.max(0, ...known) + 1; ; number += 1) {
    const server = `s${number % 7}`;
    await store.servers.write(new Map([[server, { wanted: 'up', lists: { number, filler: 'x'.repeat(2_000) } }]]));
    say(`server ${server} ${number}`);
  }
}

async function appendForever() {
  for (let { lastSeq } = await store.journal.extent(); ; lastSeq += 10) {
    const facts = Array.from({ length: 10 }, (_, index) => lastSeq + index + 1);
    await store.journal.append(facts.map((seq) => ({ seq, at: at(), type: 'transition', actor: 'server:a' })));
    say(`fact ${lastSeq + 10}`);
    if (lastSeq % 500 === 0) await store.journal.trim({ olderThan: '', maxBytes: 200_000 });
  }
}

await Promise.all([commitForever(), keepForever(), appendForever()]);
